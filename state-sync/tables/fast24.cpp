#include "state-sync/tables/fast24.hpp"

#include "state-sync/tables/atomics.hpp"
#include "state-sync/tables/id_pool.hpp"

namespace issu::tables {
namespace {

constexpr std::uint32_t entries = 1U << NPU_ROOT_BITS;

}  // namespace

void Fast24::adopt() {
  for (std::uint32_t i = 0; i < entries; ++i) {
    ++uses_[peek(view_->fast24[i])];
  }
  const MonoNs now = now_();
  for (std::uint32_t code = NPU_CODE_LOOK - 1; code > 0; --code) {
    const auto byte = static_cast<std::uint8_t>(code);
    const std::uint32_t id = peek(view_->codes[code]);
    if (id == 0 || id >= code_of_.size() || code_of_[id] != 0) {
      // What nobody's byte says can be given out; else after `repair` has rewritten those bytes.
      publish(view_->codes[code], 0U);
      if (uses_[code] == 0) {
        unused_.push_back(byte);
      }
      continue;
    }
    code_of_[id] = byte;
    if (uses_[code] == 0) {
      emptied_[code] = now;
      empty_.push_back({byte, now});
    }
  }
}

std::uint8_t Fast24::take(std::uint32_t id) {
  std::uint8_t code = NPU_CODE_LOOK;
  if (!unused_.empty()) {
    code = unused_.back();
    unused_.pop_back();
  } else {
    while (!empty_.empty()) {
      const Empty oldest = empty_.front();
      const bool still = uses_[oldest.code] == 0 && emptied_[oldest.code] == oldest.at;
      if (still && now_() - oldest.at < grace) {
        return NPU_CODE_LOOK;
      }
      empty_.pop_front();
      if (still) {
        code = oldest.code;
        code_of_[peek(view_->codes[code]) % code_of_.size()] = 0;
        break;
      }
    }
  }
  if (code != NPU_CODE_LOOK) {
    publish(view_->codes[code], id);
    code_of_[id] = code;
  }
  return code;
}

std::uint8_t Fast24::code_for(std::uint32_t id) {
  if (id == 0 || id >= code_of_.size()) {
    return NPU_CODE_LOOK;
  }
  return code_of_[id] != 0 ? code_of_[id] : take(id);
}

void Fast24::say(std::uint32_t index, std::uint32_t entry) {
  std::uint8_t code = 0;
  if (entry != 0) {
    code = (entry & NPU_CHILD) != 0 ? NPU_CODE_LOOK : code_for(NPU_LEAF_ID(entry));
  }
  npu_u8& byte = view_->fast24[index];
  const std::uint8_t before = peek(byte);
  if (before == code) {
    return;
  }
  publish(byte, code);
  ++uses_[code];
  if (--uses_[before] == 0 && before != 0 && before != NPU_CODE_LOOK) {
    emptied_[before] = now_();
    empty_.push_back({before, emptied_[before]});
  }
}

std::uint64_t Fast24::repair() {
  std::uint64_t wrong = 0;
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::uint8_t code = peek(view_->fast24[i]);
    const std::uint32_t entry = peek(view_->tbl24[i]);
    if (code == NPU_CODE_LOOK || (code == 0 && entry == 0)) {
      continue;
    }
    if (code == 0 || (entry & NPU_CHILD) != 0 || entry == 0 ||
        peek(view_->codes[code]) != NPU_LEAF_ID(entry)) {
      say(i, entry);
      ++wrong;
    }
  }
  return wrong;
}

}  // namespace issu::tables
