#include <fmt/format.h>

#include <iterator>

#include "issu/drill/configs.hpp"

namespace issu::drill {
namespace {

/// One side of a session of one family. Where both sides connect, their connections collide, and a
/// session that was up already can be closed for it; BIRD then sweeps what its neighbour, in the
/// middle of a restart, has not sent again. So one side is passive: a BIRD peer, or the BIRD router
/// towards an FRR peer (a passive FRR 8.4 closes sessions by itself when its start timer fires).
struct Side {
  std::string name;
  int family;
  std::string local, remote;
  unsigned local_as, remote_as;
  const PeerSpec& spec;
  std::string exports;
  bool passive;
  bool bfd;
};

std::string guarded(const PeerSpec& spec) {
  return (spec.password.empty() ? "" : "\n  password \"" + spec.password + "\";") +
         (spec.ttl_security ? "\n  ttl security on;" : "");
}

std::string session(const Side& side) {
  return fmt::format(R"(
protocol bgp {} {{
  local {} as {};
  neighbor {} as {};
  hold time {};
  connect delay time 1;
  connect retry time 2;
  error wait time 1, 4;
  graceful restart on;
  graceful restart time 120;
  passive {};{}{}
  ipv{} {{ import all; export {}; }};
}}
)",
                     side.name, side.local, side.local_as, side.remote, side.remote_as,
                     side.spec.hold_s, side.passive ? "on" : "off", guarded(side.spec),
                     side.bfd ? "\n  bfd on;" : "", side.family, side.exports);
}

std::string statics(const PeerSpec& spec, int family) {
  std::string text = fmt::format("\nprotocol static announced{} {{\n  ipv{};\n", family, family);
  for (const measure::PrefixRange& range : spec.announce) {
    if (range.first.family != family) {
      continue;
    }
    state_sync::Prefix prefix = range.first;
    for (std::uint64_t i = 0; i < range.count; ++i) {
      fmt::format_to(std::back_inserter(text), "  route {} blackhole;\n", prefix.text());
      prefix = state_sync::nth_after(prefix, 1);
    }
  }
  return text + "}\n";
}

/// What the lab has beside BGP.
std::string protocols_beside(const Layout& layout, const std::vector<std::string>& interfaces) {
  return (layout.ospf ? bird_ospf_conf(*layout.ospf, interfaces) : std::string()) +
         (layout.bfd ? bird_bfd_conf(*layout.bfd) : std::string());
}

}  // namespace

std::string bird_peer_conf(const Layout& layout, const PeerPlace& peer) {
  std::string text = fmt::format(
      "log \"{}\" all;\ntimeformat log iso long ms;\ntimeformat protocol iso long ms;\n"
      "router id {};\ndebug protocols {{ states, events }};\n\nprotocol device {{ }}\n",
      (peer.dir / "bird.log").string(), peer.peer4);
  text += statics(peer.spec, 4) + statics(peer.spec, 6);
  text += protocols_beside(layout, {peer.interface});
  text += session({"router4", 4, peer.peer4, peer.router4, peer.as, layout.router_as, peer.spec,
                   "where source = RTS_STATIC", true, layout.bfd.has_value()});
  text += session({"router6", 6, peer.peer6, peer.router6, peer.as, layout.router_as, peer.spec,
                   "where source = RTS_STATIC", true, layout.bfd.has_value()});
  return text;
}

std::string bird_router_conf(const Layout& layout) {
  std::string text = fmt::format(
      "log stderr all;\ntimeformat log iso long ms;\nrouter id {};\ngraceful restart wait 60;\n\n"
      "protocol device {{ }}\n",
      layout.peers.front().router4);
  for (const int family : {4, 6}) {
    text += fmt::format(
        "\nprotocol kernel kernel{0} {{\n  persist;\n  graceful restart on;\n  scan time 60;\n"
        "  ipv{0} {{ import none; export where source = RTS_BGP; }};\n}}\n",
        family);
  }
  std::vector<std::string> ports;
  for (const PeerPlace& peer : layout.peers) {
    ports.push_back(peer.port);
  }
  text += protocols_beside(layout, ports);
  for (const PeerPlace& peer : layout.peers) {
    text += session({peer.spec.name + "4", 4, peer.router4, peer.peer4, layout.router_as, peer.as,
                     peer.spec, "where source = RTS_BGP", peer.spec.daemon == "frr",
                     layout.bfd.has_value()});
    text += session({peer.spec.name + "6", 6, peer.router6, peer.peer6, layout.router_as, peer.as,
                     peer.spec, "where source = RTS_BGP", peer.spec.daemon == "frr",
                     layout.bfd.has_value()});
  }
  return text;
}

}  // namespace issu::drill
