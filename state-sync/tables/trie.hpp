#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "issu/base/clock.hpp"
#include "state-sync/tables/fast24.hpp"
#include "state-sync/tables/id_pool.hpp"
#include "state-sync/tables/route_store.hpp"
#include "state-sync/tables/types.hpp"

namespace issu::tables {

/// The lookup table of a family: 2^24 entries, and nodes of 256 below them. IPv4 is DIR-24-8: one
/// level of nodes. Each entry holds the longest prefix that covers it, with its length, so a change
/// touches the entries in its range and no others.
///
/// The default route (length 0) is not in here but in the header.
class Trie {
 public:
  /// `nodes` has room for the ids of `pool`. `fast`, if any, follows the root; it outlives this.
  Trie(std::uint32_t* root, std::uint32_t* nodes, std::uint32_t node_capacity, IdPool& pool,
       Fast24* fast = nullptr)
      : root_(root), nodes_(nodes), capacity_(node_capacity), pool_(&pool), fast_(fast) {}

  /// Whether the nodes that a new prefix needs can be had.
  [[nodiscard]] bool room_for(const Prefix& prefix, MonoNs now);
  /// Puts a route (length 1 or more) in place, new or changed; there must be room. Gives back how
  /// many entries changed.
  std::uint64_t set(const Prefix& prefix, NextHopId id, MonoNs now);
  /// Takes it out; `cover` is the leaf of the next shorter route, 0: none.
  void remove(const Prefix& prefix, std::uint32_t cover, MonoNs now);
  /// Asks for the memory that `set` or `remove` will touch; of a short prefix, its beginning.
  /// Always inlined: GCC 12 takes a function that does no more than this for one without effect,
  /// and leaves out its calls.
  [[gnu::always_inline]] void prefetch(const Prefix& prefix) const {
    constexpr std::size_t line = 64;
    constexpr std::size_t most = 256;  // those of a /16; the processor itself sees longer runs
    const std::size_t first = root_index(prefix);
    const std::size_t count =
        prefix.length >= NPU_ROOT_BITS
            ? 1
            : std::min(std::size_t{1} << (NPU_ROOT_BITS - prefix.length), most);
    for (std::size_t i = 0; i < count; i += line / sizeof *root_) {
      __builtin_prefetch(&root_[first + i], 1);
    }
    for (std::size_t i = 0; fast_ != nullptr && i < count; i += line) {
      fast_->prefetch(first + i);
    }
  }

  /// Compares every entry with the routes and replaces those that no route explains; finds out
  /// which nodes are in use. What is missing is added by `set` of each route afterwards. Gives back
  /// how many entries were replaced.
  std::uint64_t repair(const RouteStore& routes, std::uint8_t family, MonoNs now);

 private:
  struct Repair;

  static std::uint32_t root_index(const Prefix& prefix) {
    return (std::uint32_t{prefix.bytes[0]} << 16U) | (std::uint32_t{prefix.bytes[1]} << 8U) |
           prefix.bytes[2];
  }
  /// Nodes on the way to a prefix of this length.
  static unsigned levels(unsigned length) { return length <= 24 ? 0 : (length - 24 + 7) / 8; }
  [[nodiscard]] std::uint32_t* node(std::uint32_t entry) const {
    return &nodes_[std::size_t{entry & ~NPU_CHILD & (capacity_ - 1)} * NPU_NODE_ENTRIES];
  }

  /// `count` entries in a row have become `entry`: their bytes of FAST24 follow.
  void follow(const std::uint32_t* first, std::size_t count, std::uint32_t entry) const;
  /// Writes an entry, and its byte of FAST24 behind it.
  void say(std::uint32_t& slot, std::uint32_t entry) const;
  /// Writes `leaf` wherever `replaces(entry)` is so, in nodes below, too; gives back how often.
  template <typename Replaces>
  std::uint64_t rewrite(std::uint32_t* entries, std::size_t count, std::uint32_t leaf,
                        const Replaces& replaces) const;
  std::uint64_t paint(std::uint32_t* entries, std::size_t count, unsigned length,
                      std::uint32_t leaf) const;
  void unpaint(std::uint32_t* entries, std::size_t count, unsigned length,
               std::uint32_t cover) const;
  void collapse(std::uint32_t* slot, unsigned bits_above, MonoNs now);

  std::uint32_t* root_;
  std::uint32_t* nodes_;
  std::uint32_t capacity_;  ///< of nodes, a power of two
  IdPool* pool_;
  Fast24* fast_;
};

}  // namespace issu::tables
