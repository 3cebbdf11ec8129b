#include "state-sync/tables/spread.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace issu::tables {
namespace {

constexpr std::uint32_t most_buckets = 1U << 14U;

/// Whole buckets for each member: the largest remainders get what is left over.
std::vector<std::uint32_t> shares(std::span<const GroupMember> members, std::uint32_t count) {
  const std::uint64_t total =
      std::accumulate(members.begin(), members.end(), std::uint64_t{0},
                      [](std::uint64_t sum, const GroupMember& one) { return sum + one.weight; });
  std::vector<std::uint32_t> share;
  std::vector<std::uint64_t> rest;
  std::uint32_t left = count;
  for (const GroupMember& member : members) {
    const std::uint64_t exact = std::uint64_t{member.weight} * count;
    share.push_back(static_cast<std::uint32_t>(exact / total));
    rest.push_back(exact % total);
    left -= share.back();
  }
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rest[a] > rest[b]; });
  for (std::size_t i = 0; i < left; ++i) {
    ++share[order[i]];
  }
  return share;
}

}  // namespace

std::uint32_t bucket_count(std::span<const GroupMember> members, const GroupOptions& options) {
  // 32 a member: a share is off by 3 % of itself at most.
  const auto enough = static_cast<std::uint32_t>(std::min<std::size_t>(members.size() * 32, 4096));
  const std::uint32_t asked =
      options.buckets != 0 ? options.buckets : std::max(enough, options.resilient ? 128U : 8U);
  const auto least =
      static_cast<std::uint32_t>(std::min<std::size_t>(members.size(), most_buckets));
  return std::bit_ceil(std::clamp(asked, std::max(least, 1U), most_buckets));
}

std::vector<std::uint32_t> spread(std::span<const GroupMember> members, std::uint32_t count,
                                  std::span<const std::uint32_t> before) {
  std::vector<std::uint32_t> left = shares(members, count);
  std::vector<std::uint32_t> buckets(count, 0);
  for (std::size_t i = 0; i < before.size(); ++i) {
    for (std::size_t m = 0; m < members.size(); ++m) {
      if (members[m].nexthop == before[i] && left[m] > 0) {
        buckets[i] = before[i];
        --left[m];
        break;
      }
    }
  }
  std::size_t member = 0;
  for (std::uint32_t& bucket : buckets) {
    if (bucket == 0) {
      while (left[member] == 0) {
        ++member;
      }
      bucket = members[member].nexthop;
      --left[member];
    }
  }
  return buckets;
}

}  // namespace issu::tables
