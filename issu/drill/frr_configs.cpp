#include <fmt/format.h>

#include <iterator>

#include "issu/drill/configs.hpp"

namespace issu::drill {
namespace {

struct Neighbor {
  std::string address;
  int family;
  unsigned as;
  const PeerSpec& spec;
  bool bfd = false;
};

std::string bgp_head(unsigned as, const std::string& router_id) {
  return fmt::format(
      "router bgp {}\n bgp router-id {}\n no bgp default ipv4-unicast\n"
      " no bgp ebgp-requires-policy\n no bgp network import-check\n bgp graceful-restart\n"
      " bgp graceful-restart preserve-fw-state\n bgp graceful-restart restart-time 120\n",
      as, router_id);
}

std::string neighbor_lines(const Neighbor& neighbor) {
  const unsigned hold_s = neighbor.spec.hold_s;
  std::string text = fmt::format(
      " neighbor {0} remote-as {1}\n neighbor {0} timers {2} {3}\n neighbor {0} timers connect 1\n",
      neighbor.address, neighbor.as, hold_s / 3, hold_s);
  if (!neighbor.spec.password.empty()) {
    text += fmt::format(" neighbor {} password {}\n", neighbor.address, neighbor.spec.password);
  }
  if (neighbor.spec.ttl_security) {
    text += fmt::format(" neighbor {} ttl-security hops 1\n", neighbor.address);
  }
  if (neighbor.bfd) {
    text += fmt::format(" neighbor {0} bfd\n neighbor {0} bfd profile lab\n", neighbor.address);
  }
  return text;
}

/// One that lets everything through, its own for each neighbour: neighbours of the same policy
/// share an update group, and in it the one that is ahead gets its End-of-RIB early.
std::string route_map_of(const Neighbor& neighbor) {
  return "TO-" + neighbor.address;
}

std::string activated(const std::vector<Neighbor>& neighbors, int family,
                      const std::string& networks, bool route_maps) {
  std::string text = fmt::format(" address-family ipv{} unicast\n", family) + networks;
  for (const Neighbor& neighbor : neighbors) {
    if (neighbor.family == family) {
      text += fmt::format("  neighbor {} activate\n", neighbor.address);
      if (route_maps) {
        text += fmt::format("  neighbor {} route-map {} out\n", neighbor.address,
                            route_map_of(neighbor));
      }
    }
  }
  return text + " exit-address-family\n";
}

std::string networks(const PeerSpec& spec, int family) {
  std::string text;
  for (const measure::PrefixRange& range : spec.announce) {
    if (range.first.family != family) {
      continue;
    }
    state_sync::Prefix prefix = range.first;
    for (std::uint64_t i = 0; i < range.count; ++i) {
      fmt::format_to(std::back_inserter(text), "  network {}\n", prefix.text());
      prefix = state_sync::nth_after(prefix, 1);
    }
  }
  return text;
}

}  // namespace

std::string frr_peer_conf(const Layout& layout, const PeerPlace& peer) {
  const std::vector<Neighbor> neighbors{
      {peer.router4, 4, layout.router_as, peer.spec, layout.bfd.has_value()},
      {peer.router6, 6, layout.router_as, peer.spec, layout.bfd.has_value()}};
  std::string text = fmt::format(
      "frr defaults traditional\nhostname {}\nlog file {}\nlog timestamp precision 3\n"
      "debug bgp neighbor-events\n!\n",
      peer.spec.name, (peer.dir / "bgpd.log").string());
  text += bgp_head(peer.as, peer.peer4);
  for (const Neighbor& neighbor : neighbors) {
    text += neighbor_lines(neighbor);
  }
  text += activated(neighbors, 4, networks(peer.spec, 4), false);
  text += activated(neighbors, 6, networks(peer.spec, 6), false);
  return text + "!\n";
}

std::string frr_router_conf(const Layout& layout) {
  std::vector<Neighbor> neighbors;
  for (const PeerPlace& peer : layout.peers) {
    neighbors.push_back({peer.peer4, 4, peer.as, peer.spec, layout.bfd.has_value()});
    neighbors.push_back({peer.peer6, 6, peer.as, peer.spec, layout.bfd.has_value()});
  }
  std::string text = fmt::format(
      "frr defaults traditional\nhostname {}\n!\nbgp route-map delay-timer 0\n", layout.id);
  for (const Neighbor& neighbor : neighbors) {
    text += fmt::format("route-map {} permit 10\n!\n", route_map_of(neighbor));
  }
  text += bgp_head(layout.router_as, layout.peers.front().router4);
  // Its own deferral would send End-of-RIB before everything is announced; the update delay waits
  // for every neighbour, then selects and announces in one go.
  text += " bgp graceful-restart select-defer-time 0\n update-delay 60 3\n";
  for (const Neighbor& neighbor : neighbors) {
    text += neighbor_lines(neighbor);
  }
  text += activated(neighbors, 4, "", true);
  text += activated(neighbors, 6, "", true);
  return text + "!\n";
}

}  // namespace issu::drill
