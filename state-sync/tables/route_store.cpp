#include "state-sync/tables/route_store.hpp"

#include <bit>
#include <cstring>

#include "state-sync/tables/memory.h"

namespace issu::tables {
namespace {

struct Words {
  std::uint64_t low;
  std::uint64_t high;
};

Words words_of(const Prefix& prefix) {
  return std::bit_cast<Words>(prefix.bytes);
}

unsigned width_of(std::uint8_t family) {
  return family == 6 ? 128 : 32;
}

}  // namespace

Prefix shortened(const Prefix& prefix, std::uint8_t length) {
  Prefix made = prefix;
  made.length = length;
  const std::size_t whole = length / 8U;
  if (whole < made.bytes.size()) {
    made.bytes[whole] &= static_cast<std::uint8_t>(0xff00U >> (length % 8U));
    for (std::size_t i = whole + 1; i < made.bytes.size(); ++i) {
      made.bytes[i] = 0;
    }
  }
  return made;
}

bool is_canonical(const Prefix& prefix) {
  if ((prefix.family != 4 && prefix.family != 6) || prefix.length > width_of(prefix.family)) {
    return false;
  }
  // The mask of each 64-bit half, in the byte order of the address.
  const Words words = words_of(prefix);
  const auto host_bits = [](unsigned length) {
    return length >= 64 ? 0 : __builtin_bswap64(~std::uint64_t{0} >> length);
  };
  return (words.low & host_bits(prefix.length)) == 0 &&
         (words.high & host_bits(prefix.length > 64 ? prefix.length - 64U : 0U)) == 0;
}

Prefix RouteStore::prefix_of(const npu_route& slot) {
  Prefix prefix;
  const npu_route copy = snapshot(slot);
  prefix.family = copy.family;
  prefix.length = copy.length;
  std::memcpy(prefix.bytes.data(), copy.address, sizeof copy.address);
  return prefix;
}

std::uint32_t RouteStore::home(const Prefix& prefix) const {
  const Words words = words_of(prefix);
  const std::uint64_t kind = (std::uint64_t{prefix.length} << 8U) | prefix.family;
  return static_cast<std::uint32_t>(npu_mix(words.low, words.high * 3 + kind) >> 20U) & mask_;
}

npu_route* RouteStore::find(const Prefix& prefix) const {
  const Words words = words_of(prefix);
  const std::uint64_t kind = (std::uint64_t{prefix.family} << 8U) | prefix.length;
  std::uint32_t index = home(prefix);
  // Bounded: a table of somebody else may have no free slot.
  for (std::uint32_t probes = 0; probes <= mask_; ++probes, index = (index + 1) & mask_) {
    npu_route& slot = slots_[index];
    const std::uint64_t meta = peek(word_of(&slot, 2));
    if ((meta & state_bits) == 0) {
      return nullptr;
    }
    if ((meta & 0xffffU) == kind && peek(word_of(&slot, 0)) == words.low &&
        peek(word_of(&slot, 1)) == words.high) {
      return &slot;
    }
  }
  return nullptr;
}

void RouteStore::write(npu_route& slot, const npu_route& content) {
  for (const std::size_t word : {0U, 1U, 3U}) {
    put(word_of(&slot, word), word_of(&content, word));
  }
  publish(word_of(&slot, 2), word_of(&content, 2));
}

void RouteStore::count(const npu_route& slot, int by) {
  size_ += static_cast<std::uint64_t>(by);
  lengths_[slot.family == 6][slot.length] += static_cast<std::uint32_t>(by);
}

npu_route* RouteStore::insert(const Prefix& prefix, const npu_route& content) {
  std::uint32_t index = home(prefix);
  while (used(slots_[index])) {
    index = (index + 1) & mask_;
  }
  write(slots_[index], content);
  count(content, 1);
  return &slots_[index];
}

void RouteStore::erase(npu_route* slot) {
  count(*slot, -1);
  auto hole = static_cast<std::uint32_t>(slot - slots_);
  put(word_of(&slots_[hole], 2), std::uint64_t{0});
  // What stood behind its home because of the hole moves into it.
  for (std::uint32_t next = (hole + 1) & mask_; used(slots_[next]); next = (next + 1) & mask_) {
    const std::uint32_t wanted = home(prefix_of(slots_[next]));
    if (((next - wanted) & mask_) >= ((next - hole) & mask_)) {
      write(slots_[hole], slots_[next]);
      put(word_of(&slots_[next], 2), std::uint64_t{0});
      hole = next;
    }
  }
}

std::uint32_t RouteStore::cover(const Prefix& address, unsigned below) const {
  const auto& lengths = lengths_[address.family == 6];
  for (unsigned length = below; length-- > 1;) {
    if (lengths[length] == 0) {
      continue;
    }
    if (const npu_route* found = find(shortened(address, static_cast<std::uint8_t>(length)))) {
      return NPU_LEAF(length, peek(found->nexthop) & NPU_ID_MASK);
    }
  }
  return 0;
}

void RouteStore::set_nexthop(npu_route& slot, std::uint32_t nexthop, std::uint16_t born,
                             std::uint16_t seen) {
  const std::uint64_t marks = (std::uint64_t{seen} << 16U) | born;
  publish(word_of(&slot, 3), (marks << 32U) | nexthop);
}

void RouteStore::set_info(npu_route& slot, const RouteInfo& info) {
  npu_route copy = snapshot(slot);
  copy.state = static_cast<npu_u8>(NPU_ROUTE_USED |
                                   (info.owner == RouteOwner::daemon ? NPU_ROUTE_DAEMON : 0));
  copy.protocol = info.protocol;
  copy.metric = info.metric;
  publish(word_of(&slot, 2), word_of(&copy, 2));
}

}  // namespace issu::tables
