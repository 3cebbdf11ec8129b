#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "issu/base/result.hpp"
#include "state-sync/tables/bucket_pool.hpp"
#include "state-sync/tables/id_pool.hpp"
#include "state-sync/tables/memory.h"
#include "state-sync/tables/types.hpp"

namespace issu::tables {

/// Next hops and groups: equal ones are one entry, which lives as long as somebody refers to it.
/// The references themselves are the writer's own memory; `adopt` begins with none.
class NextHops {
 public:
  explicit NextHops(const npu_view& view);

  /// These take a reference for the caller.
  Result<NextHopId> intern(const NextHop& nexthop, MonoNs now);
  Result<NextHopId> intern_group(std::span<const GroupMember> members, const GroupOptions& options,
                                 MonoNs now);
  Result<NextHopId> create_group(std::span<const GroupMember> members, const GroupOptions& options,
                                 MonoNs now);
  Result<void> change_group(NextHopId group, std::span<const GroupMember> members, MonoNs now);

  [[nodiscard]] bool alive(NextHopId id) const {
    return id < references_.size() && references_[id] > 0;
  }
  void refer(NextHopId id) { ++references_[id]; }
  /// The last one frees the entry, and a group's references to its members.
  void drop(NextHopId id, MonoNs now);

  [[nodiscard]] std::optional<NextHop> nexthop(NextHopId id) const;
  [[nodiscard]] std::vector<GroupMember> members(NextHopId group) const;
  [[nodiscard]] std::uint64_t count() const { return count_; }

  /// After a restart. Whether what lies at `id` could be a next hop that a route uses.
  [[nodiscard]] bool plausible(NextHopId id) const;
  /// Takes over what routes refer to: `references[id]` times.
  void adopt(std::vector<std::uint32_t> references, MonoNs now);

 private:
  struct Key {
    std::vector<std::uint64_t> words;  ///< of a next hop, or of a group's buckets
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };

  static Key key_of(const NextHop& nexthop);
  static Key key_of(std::span<const std::uint32_t> buckets, bool resilient);
  [[nodiscard]] Key key_of(NextHopId id) const;
  [[nodiscard]] std::span<std::uint32_t> buckets_of(const struct npu_nexthop& group) const;
  [[nodiscard]] bool plausible_single(NextHopId id) const;
  [[nodiscard]] Result<std::vector<GroupMember>> checked(
      std::span<const GroupMember> members) const;
  Result<NextHopId> add_group(std::span<const std::uint32_t> buckets, const GroupOptions& options,
                              bool changeable, MonoNs now);
  void write(NextHopId id, const struct npu_nexthop& content);

  npu_view view_;
  IdPool ids_;
  BucketPool bucket_pool_;
  std::vector<std::uint32_t> references_;
  std::uint64_t count_ = 0;
  std::unordered_map<Key, NextHopId, KeyHash> index_;
};

}  // namespace issu::tables
