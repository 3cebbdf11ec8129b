#include "state-sync/tables/fast24.hpp"

#include "state-sync/tables/atomics.hpp"
#include "state-sync/tables/id_pool.hpp"

namespace issu::tables {
namespace {

constexpr std::uint32_t entries = 1U << NPU_ROOT_BITS;
constexpr std::size_t word = sizeof(std::uint64_t);

constexpr std::uint64_t eight_times(std::uint8_t code) {
  return code * std::uint64_t{0x0101010101010101};
}

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

std::size_t Fast24::run(std::size_t first, std::size_t count) const {
  const npu_u8* const bytes = view_->fast24 + first;
  const std::uint8_t code = peek(bytes[0]);
  std::size_t length = 1;
  while (length < count && peek(bytes[length]) == code) {
    ++length;
    if ((first + length) % word == 0) {
      while (length + word <= count && peek(word_of(bytes + length, 0)) == eight_times(code)) {
        length += word;
      }
    }
  }
  return length;
}

void Fast24::fill(std::size_t first, std::size_t count, std::uint8_t code) {
  npu_u8* const bytes = view_->fast24 + first;
  for (std::size_t i = 0; i < count;) {
    if ((first + i) % word == 0 && i + word <= count) {
      publish(word_of(bytes + i, 0), eight_times(code));
      i += word;
    } else {
      publish(bytes[i], code);
      ++i;
    }
  }
}

void Fast24::say(std::size_t first, std::size_t count, std::uint32_t entry) {
  std::uint8_t code = 0;
  if (entry != 0) {
    code = (entry & NPU_CHILD) != 0 ? NPU_CODE_LOOK : code_for(NPU_LEAF_ID(entry));
  }
  // Mostly all say the same until now: that of a shorter prefix.
  for (const std::size_t end = first + count; first < end;) {
    const std::uint8_t before = peek(view_->fast24[first]);
    const std::size_t same = run(first, end - first);
    if (before != code) {
      fill(first, same, code);
      uses_[code] += static_cast<std::uint32_t>(same);
      uses_[before] -= static_cast<std::uint32_t>(same);
      if (uses_[before] == 0 && before != 0 && before != NPU_CODE_LOOK) {
        emptied_[before] = now_();
        empty_.push_back({before, emptied_[before]});
      }
    }
    first += same;
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
      say(i, 1, entry);
      ++wrong;
    }
  }
  return wrong;
}

}  // namespace issu::tables
