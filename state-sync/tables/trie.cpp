#include "state-sync/tables/trie.hpp"

#include <algorithm>
#include <array>

#include "state-sync/tables/atomics.hpp"

namespace issu::tables {

bool Trie::room_for(const Prefix& prefix, MonoNs now) {
  const unsigned needed = levels(prefix.length);
  std::uint32_t entry = needed == 0 ? 0 : peek(root_[root_index(prefix)]);
  unsigned there = 0;
  for (; there < needed && (entry & NPU_CHILD) != 0; ++there) {
    entry = peek(node(entry)[prefix.bytes[3 + there]]);
  }
  return there == needed || pool_->available(now) >= needed - there;
}

void Trie::follow(const std::uint32_t* first, std::size_t count, std::uint32_t entry) const {
  if (fast_ == nullptr || count == 0) {
    return;
  }
  // Slots of nodes lie elsewhere; as numbers, pointers of two arrays may be compared.
  const auto index =
      (reinterpret_cast<std::uintptr_t>(first) - reinterpret_cast<std::uintptr_t>(root_)) /
      sizeof *first;
  if (index < (std::size_t{1} << NPU_ROOT_BITS)) {
    fast_->say(static_cast<std::uint32_t>(index), count, entry);
  }
}

void Trie::say(std::uint32_t& slot, std::uint32_t entry) const {
  publish(slot, entry);
  follow(&slot, 1, entry);
}

template <typename Replaces>
std::uint64_t Trie::rewrite(std::uint32_t* entries, std::size_t count, std::uint32_t leaf,
                            const Replaces& replaces) const {
  std::uint64_t changed = 0;
  std::size_t run = 0;  // entries before this one that were written
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t entry = peek(entries[i]);
    if ((entry & NPU_CHILD) == 0 && replaces(entry)) {
      publish(entries[i], leaf);
      ++run;
      continue;
    }
    follow(entries + i - run, run, leaf);
    changed += run;
    run = 0;
    if ((entry & NPU_CHILD) != 0) {
      changed += rewrite(node(entry), NPU_NODE_ENTRIES, leaf, replaces);
    }
  }
  follow(entries + count - run, run, leaf);
  return changed + run;
}

std::uint64_t Trie::paint(std::uint32_t* entries, std::size_t count, unsigned length,
                          std::uint32_t leaf) const {
  return rewrite(entries, count, leaf, [=](std::uint32_t entry) {
    return NPU_LEAF_LENGTH(entry) <= length && entry != leaf;
  });
}

void Trie::unpaint(std::uint32_t* entries, std::size_t count, unsigned length,
                   std::uint32_t cover) const {
  rewrite(entries, count, cover,
          [=](std::uint32_t entry) { return NPU_LEAF_LENGTH(entry) == length; });
}

std::uint64_t Trie::set(const Prefix& prefix, NextHopId id, MonoNs now) {
  const std::uint32_t leaf = NPU_LEAF(prefix.length, id);
  const unsigned depth = levels(prefix.length);
  std::uint32_t* slot = &root_[root_index(prefix)];
  std::uint64_t changed = 0;
  for (unsigned level = 0; level < depth; ++level) {
    std::uint32_t entry = peek(*slot);
    if ((entry & NPU_CHILD) == 0) {
      // The new node says the same everywhere before anybody can see it.
      const std::uint32_t fresh = pool_->take(now).value();
      std::uint32_t* const entries = node(fresh);
      for (std::size_t i = 0; i < NPU_NODE_ENTRIES; ++i) {
        put(entries[i], entry);
      }
      entry = NPU_CHILD | fresh;
      say(*slot, entry);
      ++changed;
    }
    slot = &node(entry)[prefix.bytes[3 + level]];
  }
  const unsigned bits = NPU_ROOT_BITS + NPU_NODE_BITS * depth;
  return changed + paint(slot, std::size_t{1} << (bits - prefix.length), prefix.length, leaf);
}

void Trie::remove(const Prefix& prefix, std::uint32_t cover, MonoNs now) {
  const unsigned depth = levels(prefix.length);
  std::array<std::uint32_t*, NPU_DEPTH6 + 1> path{};
  path[0] = &root_[root_index(prefix)];
  for (unsigned level = 0; level < depth; ++level) {
    const std::uint32_t entry = peek(*path[level]);
    if ((entry & NPU_CHILD) == 0) {
      return;
    }
    path[level + 1] = &node(entry)[prefix.bytes[3 + level]];
  }
  const unsigned bits = NPU_ROOT_BITS + NPU_NODE_BITS * depth;
  unpaint(path[depth], std::size_t{1} << (bits - prefix.length), prefix.length, cover);
  for (unsigned level = depth; level > 0; --level) {
    collapse(path[level - 1], NPU_ROOT_BITS + NPU_NODE_BITS * (level - 1), now);
  }
}

/// A node in which no prefix ends says the same everywhere: its parent can say it.
void Trie::collapse(std::uint32_t* slot, unsigned bits_above, MonoNs now) {
  const std::uint32_t entry = peek(*slot);
  if ((entry & NPU_CHILD) == 0) {
    return;
  }
  const std::uint32_t* const entries = node(entry);
  const bool needed = std::any_of(entries, entries + NPU_NODE_ENTRIES, [&](const auto& one) {
    const std::uint32_t value = peek(one);
    return (value & NPU_CHILD) != 0 || NPU_LEAF_LENGTH(value) > bits_above;
  });
  if (!needed) {
    say(*slot, peek(entries[0]));
    pool_->retire(entry & ~NPU_CHILD, now);
  }
}

struct Trie::Repair {
  const Trie& trie;
  const RouteStore& routes;
  unsigned width;
  std::vector<bool> used;
  std::uint64_t replaced = 0;

  /// `at` is the address of the first entry; each entry stands for the first `bits` bits.
  void check(std::uint32_t* entries, std::size_t count, Prefix at, unsigned bits) {
    for (std::size_t i = 0; i < count;) {
      const std::uint32_t entry = peek(entries[i]);
      if (entry == 0) {
        ++i;
        continue;
      }
      place(at, i, bits);
      if ((entry & NPU_CHILD) != 0) {
        check_child(entries[i], at, bits);
        ++i;
      } else {
        i = check_leaf(entries, i, count, at, bits);
      }
    }
  }

  /// Writes the number of an entry into the address where its node's bits are.
  static void place(Prefix& at, std::size_t index, unsigned bits) {
    if (bits == NPU_ROOT_BITS) {
      at.bytes[0] = static_cast<std::uint8_t>(index >> 16U);
      at.bytes[1] = static_cast<std::uint8_t>(index >> 8U);
    }
    at.bytes[bits / 8 - 1] = static_cast<std::uint8_t>(index);
  }

  void check_child(std::uint32_t& slot, const Prefix& at, unsigned bits) {
    const std::uint32_t id = peek(slot) & ~NPU_CHILD;
    if (id >= trie.capacity_ || used[id] || bits >= width) {
      trie.say(slot, routes.cover(at, bits + 1));
      ++replaced;
      return;
    }
    used[id] = true;
    Prefix below = at;
    check(trie.node(id), NPU_NODE_ENTRIES, below, bits + NPU_NODE_BITS);
  }

  /// Gives back the index behind the run of entries that are the same.
  std::size_t check_leaf(std::uint32_t* entries, std::size_t i, std::size_t count, const Prefix& at,
                         unsigned bits) {
    const std::uint32_t entry = peek(entries[i]);
    const unsigned length = NPU_LEAF_LENGTH(entry);
    const npu_route* route = length == 0 || length > bits
                                 ? nullptr
                                 : routes.find(shortened(at, static_cast<std::uint8_t>(length)));
    if (route == nullptr || peek(route->nexthop) != NPU_LEAF_ID(entry)) {
      trie.say(entries[i], routes.cover(at, bits + 1));
      ++replaced;
      return i + 1;
    }
    // The same route explains its neighbours to the end of its range.
    const std::size_t span = std::size_t{1} << std::min(bits - length, 24U);
    const std::size_t end = std::min(count, (i / span + 1) * span);
    ++i;
    while (i < end && peek(entries[i]) == entry) {
      ++i;
    }
    return i;
  }
};

std::uint64_t Trie::repair(const RouteStore& routes, std::uint8_t family, MonoNs now) {
  Repair repair{*this, routes, family == 6 ? 128U : 32U, std::vector<bool>(capacity_)};
  Prefix zero;
  zero.family = family;
  repair.check(root_, std::size_t{1} << NPU_ROOT_BITS, zero, NPU_ROOT_BITS);
  pool_->adopt(repair.used, now);
  return repair.replaced;
}

}  // namespace issu::tables
