#include <fmt/format.h>

#include "issu/drill/configs.hpp"

namespace issu::drill {
namespace {

std::string frr_interface(const OspfSpec& ospf, const std::string& name) {
  return fmt::format(
      "interface {}\n ip ospf area 0\n ip ospf network {}\n ip ospf hello-interval {}\n"
      " ip ospf dead-interval {}\n!\n",
      name, ospf.network, ospf.hello_s, ospf.dead_s);
}

std::string frr_instance(const std::string& router_id) {
  return fmt::format("router ospf\n ospf router-id {}\n log-adjacency-changes detail\n!\n",
                     router_id);
}

std::string bird_instance(const OspfSpec& ospf, unsigned version,
                          const std::vector<std::string>& interfaces) {
  const unsigned family = version == 2 ? 4 : 6;
  std::string text = fmt::format(
      "\nprotocol ospf v{0} {1} {{\n  ipv{2} {{ import all; export none; }};\n  area 0 {{\n",
      version, bird_ospf_name(version), family);
  for (const std::string& interface : interfaces) {
    text +=
        fmt::format("    interface \"{}\" {{ type {}; hello {}; dead {}; }};\n", interface,
                    ospf.network == "broadcast" ? "broadcast" : "ptp", ospf.hello_s, ospf.dead_s);
  }
  return text + "  };\n}\n";
}

}  // namespace

std::string bird_ospf_name(unsigned version) {
  return version == 2 ? "ospf4" : "ospf6";
}

std::string bird_ospf_conf(const OspfSpec& ospf, const std::vector<std::string>& interfaces) {
  return bird_instance(ospf, 2, interfaces) +
         (ospf.v3 ? bird_instance(ospf, 3, interfaces) : std::string());
}

std::string frr_router_ospf_conf(const Layout& layout) {
  std::string text = fmt::format("hostname {}\n!\n", layout.id);
  for (const PeerPlace& peer : layout.peers) {
    text += frr_interface(*layout.ospf, peer.port);
  }
  return text + frr_instance(layout.peers.front().router4);
}

std::string frr_peer_ospf_conf(const Layout& layout, const PeerPlace& peer) {
  return fmt::format("hostname {}\nlog file {}\nlog timestamp precision 3\n!\n", peer.spec.name,
                     (peer.dir / "ospfd.log").string()) +
         frr_interface(*layout.ospf, peer.interface) + frr_instance(peer.peer4);
}

std::string bird_bfd_conf(const BfdSpec& bfd) {
  return fmt::format(
      "\nprotocol bfd {{\n  interface \"*\" {{ interval {} ms; multiplier {}; }};\n}}\n",
      bfd.interval_ms, bfd.multiplier);
}

std::string frr_bfd_conf(const BfdSpec& bfd, const std::string& hostname) {
  return fmt::format(
      "hostname {}\n!\nbfd\n profile lab\n  receive-interval {}\n  transmit-interval {}\n"
      "  detect-multiplier {}\n !\n!\n",
      hostname, bfd.interval_ms, bfd.interval_ms, bfd.multiplier);
}

std::vector<std::string> LabSpec::frr_daemons() const {
  std::vector<std::string> all = daemons;
  if (all.empty()) {
    all = {"zebra", "bgpd", "staticd"};
    if (ospf) {
      all.emplace_back("ospfd");
    }
    if (bfd) {
      all.emplace_back("bfdd");
    }
  }
  return all;
}

}  // namespace issu::drill
