#include "issu/drill/layout.hpp"

#include <fmt/format.h>

namespace issu::drill {
namespace {

constexpr unsigned kFirstPeerAs = 65001;

bool bit_of(const state_sync::Prefix& prefix, unsigned bit) {
  return ((prefix.bytes[bit / 8U] >> (7U - bit % 8U)) & 1U) != 0;
}

}  // namespace

Layout lay_out(const LabSpec& lab, const std::string& id, const std::filesystem::path& work) {
  Layout layout;
  layout.id = id;
  layout.work = work;
  layout.ospf = lab.ospf;
  layout.bfd = lab.bfd;
  for (std::size_t i = 0; i < lab.peers.size(); ++i) {
    PeerPlace place;
    place.spec = lab.peers[i];
    place.netns = id + "-" + place.spec.name;
    place.port = place.spec.name;
    place.interface = "router";
    place.router4 = fmt::format("192.0.2.{}", 4 * i + 1);
    place.peer4 = fmt::format("192.0.2.{}", 4 * i + 2);
    place.router6 = fmt::format("2001:db8:0:{:x}::1", i + 1);
    place.peer6 = fmt::format("2001:db8:0:{:x}::2", i + 1);
    place.as = kFirstPeerAs + static_cast<unsigned>(i);
    place.dir = work / "peers" / place.spec.name;
    layout.peers.push_back(std::move(place));
  }
  return layout;
}

RouteCount announced(const std::vector<PeerSpec>& peers) {
  RouteCount count;
  for (const PeerSpec& peer : peers) {
    for (const measure::PrefixRange& range : peer.announce) {
      (range.first.family == 4 ? count.ipv4 : count.ipv6) += range.count;
    }
  }
  return count;
}

std::vector<state_sync::Prefix> cover(const measure::PrefixRange& range) {
  std::vector<state_sync::Prefix> all;
  state_sync::Prefix at = range.first;
  std::uint64_t left = range.count;
  while (left > 0) {
    // The largest block that begins here: as many zero bits as there are, no more than is left.
    state_sync::Prefix block = at;
    std::uint64_t size = 1;
    while (block.length > 0 && size * 2 <= left && !bit_of(at, block.length - 1U)) {
      size *= 2;
      --block.length;
    }
    all.push_back(block);
    left -= size;
    at = state_sync::nth_after(at, size);
  }
  return all;
}

}  // namespace issu::drill
