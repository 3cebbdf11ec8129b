#include "state-sync/tables/nexthops.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <string>

#include "state-sync/tables/atomics.hpp"
#include "state-sync/tables/spread.hpp"

namespace issu::tables {
namespace {

using Entry = struct npu_nexthop;

/// In the tables: kind, family and port are all that is looked at of a kind without a gateway.
Entry entry_of(const NextHop& nexthop) {
  Entry entry{};
  entry.kind = static_cast<npu_u8>(nexthop.kind);
  if (nexthop.kind == NPU_NH_FORWARD || nexthop.kind == NPU_NH_CONNECTED) {
    entry.port = nexthop.port;
  }
  if (nexthop.kind == NPU_NH_FORWARD) {
    entry.family = nexthop.gateway.family;
    std::copy(nexthop.gateway.bytes.begin(), nexthop.gateway.bytes.end(), entry.gateway);
  }
  return entry;
}

NextHop nexthop_of(const Entry& entry) {
  NextHop nexthop;
  nexthop.kind = static_cast<npu_nexthop_kind>(entry.kind);
  nexthop.port = entry.port;
  if (entry.kind == NPU_NH_FORWARD) {
    nexthop.gateway.family = entry.family;
    std::copy(std::begin(entry.gateway), std::end(entry.gateway), nexthop.gateway.bytes.begin());
  }
  return nexthop;
}

}  // namespace

NextHops::NextHops(const npu_view& view)
    : view_(view),
      ids_(1, view.capacities.nexthops, view.header->high_water[2]),
      bucket_pool_(view.capacities.buckets, view.header->high_water[3]),
      references_(view.capacities.nexthops) {}

std::size_t NextHops::KeyHash::operator()(const Key& key) const {
  std::uint64_t hash = key.words.size();
  for (const std::uint64_t word : key.words) {
    hash = npu_mix(hash, word);
  }
  return hash;
}

NextHops::Key NextHops::key_of(const NextHop& nexthop) {
  const Entry entry = entry_of(nexthop);
  Key key;
  for (std::size_t word = 0; word < sizeof entry / 8; ++word) {
    key.words.push_back(word_of(&entry, word));
  }
  return key;
}

NextHops::Key NextHops::key_of(std::span<const std::uint32_t> buckets, bool resilient) {
  Key key;
  key.words.assign(buckets.begin(), buckets.end());
  key.words.push_back(resilient ? 1 : 0);
  return key;
}

NextHops::Key NextHops::key_of(NextHopId id) const {
  const Entry entry = snapshot(view_.nexthops[id]);
  return entry.kind == NPU_NH_GROUP ? key_of(buckets_of(entry), entry.resilient != 0)
                                    : key_of(nexthop_of(entry));
}

std::span<std::uint32_t> NextHops::buckets_of(const Entry& group) const {
  return {view_.buckets + group.first_bucket, group.bucket_count};
}

void NextHops::write(NextHopId id, const Entry& content) {
  write_first_last(view_.nexthops[id], content);
  references_[id] = 1;
  ++count_;
}

Result<NextHopId> NextHops::intern(const NextHop& nexthop, MonoNs now) {
  if (nexthop.kind <= NPU_NH_NONE || nexthop.kind >= NPU_NH_GROUP) {
    return fail("a next hop of kind " + std::to_string(nexthop.kind) + " can't be made this way");
  }
  if (entry_of(nexthop).port >= view_.capacities.ports) {
    return fail("a next hop on port " + std::to_string(nexthop.port) + ": there are " +
                std::to_string(view_.capacities.ports));
  }
  Key key = key_of(nexthop);
  if (const auto found = index_.find(key); found != index_.end()) {
    ++references_[found->second];
    return found->second;
  }
  const auto id = ids_.take(now);
  if (!id) {
    return fail("the table of next hops is full: " + std::to_string(count_) + " are in use");
  }
  write(*id, entry_of(nexthop));
  index_.emplace(std::move(key), *id);
  return *id;
}

/// In one order, each once.
Result<std::vector<GroupMember>> NextHops::checked(std::span<const GroupMember> members) const {
  std::map<NextHopId, std::uint64_t> weights;
  for (const GroupMember& member : members) {
    if (!alive(member.nexthop) || view_.nexthops[member.nexthop].kind == NPU_NH_GROUP) {
      return fail("a group's member " + std::to_string(member.nexthop) + " is no next hop");
    }
    weights[member.nexthop] += std::clamp(member.weight, 1U, 65535U);
  }
  if (weights.empty()) {
    return fail("a group without members");
  }
  std::vector<GroupMember> made;
  for (const auto& [id, weight] : weights) {
    made.push_back({id, static_cast<std::uint32_t>(std::min<std::uint64_t>(weight, 65535))});
  }
  return made;
}

Result<NextHopId> NextHops::add_group(std::span<const std::uint32_t> buckets,
                                      const GroupOptions& options, bool changeable, MonoNs now) {
  const auto count = static_cast<std::uint32_t>(buckets.size());
  if (ids_.available(now) == 0) {
    return fail("the table of next hops is full: " + std::to_string(count_) + " are in use");
  }
  const auto first = bucket_pool_.take(count, now);
  if (!first) {
    return fail("the buckets of groups are full: no " + std::to_string(count) + " in a row");
  }
  Entry entry{};
  entry.kind = NPU_NH_GROUP;
  entry.resilient = options.resilient ? 1 : 0;
  entry.changeable = changeable ? 1 : 0;
  entry.first_bucket = *first;
  entry.bucket_count = count;
  for (std::size_t i = 0; i < count; ++i) {
    publish(view_.buckets[*first + i], buckets[i]);
  }
  const NextHopId id = ids_.take(now).value();
  write(id, entry);
  for (const GroupMember& member : members(id)) {
    refer(member.nexthop);
  }
  return id;
}

Result<NextHopId> NextHops::intern_group(std::span<const GroupMember> members,
                                         const GroupOptions& options, MonoNs now) {
  const auto good = checked(members);
  ISSU_TRY(good, "making a group");
  if (good->size() == 1) {
    refer(good->front().nexthop);
    return good->front().nexthop;
  }
  if (good->size() > bucket_count(*good, options)) {
    return fail("a group of " + std::to_string(good->size()) + " members is too large");
  }
  const auto buckets = spread(*good, bucket_count(*good, options), {});
  Key key = key_of(buckets, options.resilient);
  if (const auto found = index_.find(key); found != index_.end()) {
    ++references_[found->second];
    return found->second;
  }
  const auto id = add_group(buckets, options, false, now);
  if (id) {
    index_.emplace(std::move(key), *id);
  }
  return id;
}

Result<NextHopId> NextHops::create_group(std::span<const GroupMember> members,
                                         const GroupOptions& options, MonoNs now) {
  const auto good = checked(members);
  ISSU_TRY(good, "making a group");
  if (good->size() > bucket_count(*good, options)) {
    return fail("a group of " + std::to_string(good->size()) + " members is too large");
  }
  return add_group(spread(*good, bucket_count(*good, options), {}), options, true, now);
}

Result<void> NextHops::change_group(NextHopId group, std::span<const GroupMember> members,
                                    MonoNs now) {
  if (!alive(group) || view_.nexthops[group].kind != NPU_NH_GROUP ||
      view_.nexthops[group].changeable == 0) {
    return fail("next hop " + std::to_string(group) + " is no group that can be changed");
  }
  const auto good = checked(members);
  ISSU_TRY(good, "changing a group");
  const Entry entry = snapshot(view_.nexthops[group]);
  if (good->size() > entry.bucket_count) {
    return fail("a group of " + std::to_string(entry.bucket_count) + " buckets can't have " +
                std::to_string(good->size()) + " members");
  }
  const std::span<std::uint32_t> buckets = buckets_of(entry);
  const auto before = this->members(group);
  const auto after = spread(*good, entry.bucket_count,
                            entry.resilient != 0 ? buckets : std::span<std::uint32_t>{});
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    publish(buckets[i], after[i]);
  }
  for (const GroupMember& member : this->members(group)) {
    refer(member.nexthop);
  }
  for (const GroupMember& member : before) {
    drop(member.nexthop, now);
  }
  return {};
}

void NextHops::drop(NextHopId id, MonoNs now) {
  if (--references_[id] > 0) {
    return;
  }
  --count_;
  if (const auto found = index_.find(key_of(id)); found != index_.end() && found->second == id) {
    index_.erase(found);
  }
  ids_.retire(id, now);
  const Entry entry = snapshot(view_.nexthops[id]);
  if (entry.kind == NPU_NH_GROUP) {
    for (const GroupMember& member : members(id)) {
      drop(member.nexthop, now);
    }
    bucket_pool_.retire(entry.first_bucket, entry.bucket_count, now);
  }
}

std::optional<NextHop> NextHops::nexthop(NextHopId id) const {
  if (!alive(id) || view_.nexthops[id].kind == NPU_NH_GROUP) {
    return std::nullopt;
  }
  return nexthop_of(snapshot(view_.nexthops[id]));
}

std::vector<GroupMember> NextHops::members(NextHopId group) const {
  std::vector<GroupMember> made;
  if (group >= view_.capacities.nexthops || view_.nexthops[group].kind != NPU_NH_GROUP) {
    return made;
  }
  std::map<NextHopId, std::uint32_t> weights;
  for (const std::uint32_t& bucket : buckets_of(snapshot(view_.nexthops[group]))) {
    ++weights[peek(bucket)];
  }
  for (const auto& [id, weight] : weights) {
    made.push_back({id, weight});
  }
  return made;
}

bool NextHops::plausible_single(NextHopId id) const {
  if (id == 0 || id >= view_.capacities.nexthops) {
    return false;
  }
  const Entry entry = snapshot(view_.nexthops[id]);
  return entry.kind > NPU_NH_NONE && entry.kind < NPU_NH_GROUP &&
         entry.port < view_.capacities.ports;
}

bool NextHops::plausible(NextHopId id) const {
  if (id == 0 || id >= view_.capacities.nexthops) {
    return false;
  }
  const Entry entry = snapshot(view_.nexthops[id]);
  if (entry.kind != NPU_NH_GROUP) {
    return plausible_single(id);
  }
  if (!std::has_single_bit(entry.bucket_count) || entry.first_bucket % BucketPool::chunk != 0 ||
      std::uint64_t{entry.first_bucket} + entry.bucket_count > view_.capacities.buckets) {
    return false;
  }
  const auto buckets = buckets_of(entry);
  return std::all_of(buckets.begin(), buckets.end(),
                     [&](const std::uint32_t& bucket) { return plausible_single(peek(bucket)); });
}

void NextHops::adopt(std::vector<std::uint32_t> references, MonoNs now) {
  references_ = std::move(references);
  bucket_pool_.adopt(now);
  for (NextHopId id = 1; id < references_.size(); ++id) {
    if (references_[id] == 0 || view_.nexthops[id].kind != NPU_NH_GROUP) {
      continue;
    }
    const Entry entry = snapshot(view_.nexthops[id]);
    bucket_pool_.claim(entry.first_bucket, entry.bucket_count);
    for (const GroupMember& member : members(id)) {
      refer(member.nexthop);
    }
  }
  std::vector<bool> used(references_.size());
  count_ = 0;
  index_.clear();
  for (NextHopId id = 1; id < references_.size(); ++id) {
    if (references_[id] > 0) {
      used[id] = true;
      ++count_;
      if (view_.nexthops[id].changeable == 0) {
        index_.emplace(key_of(id), id);
      }
    }
  }
  ids_.adopt(used, now);
}

}  // namespace issu::tables
