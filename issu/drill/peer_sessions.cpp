#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "issu/drill/configs.hpp"
#include "issu/drill/lab.hpp"

namespace issu::drill {
namespace {

namespace fs = std::filesystem;

/// Routes of one family that the peer's daemon holds; 0 when it does not answer.
std::uint64_t held_by(const PeerPlace& peer, int family) {
  if (peer.spec.daemon == "frr") {
    const auto answer = run({"vtysh", "--vty_socket", peer.dir.string(), "-d", "bgpd", "-c",
                             "show bgp ipv" + std::to_string(family) + " unicast summary json"});
    const auto summary =
        answer ? nlohmann::json::parse(answer->out, nullptr, false) : nlohmann::json();
    if (!summary.is_object() || !summary.contains("peers")) {
      return 0;
    }
    std::uint64_t received = 0;
    for (const auto& neighbor : summary["peers"]) {
      received += neighbor.value("pfxRcd", std::uint64_t{0});
    }
    return received;
  }
  const auto answer = run({"birdc", "-s", (peer.dir / "bird.ctl").string(), "show", "route",
                           "count", "protocol", "router" + std::to_string(family)});
  std::istringstream lines(answer ? answer->out : "");
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" routes for ") != std::string::npos &&
        line.find("master" + std::to_string(family)) != std::string::npos) {
      return std::stoull(line);
    }
  }
  return 0;
}

bool says(const Argv& question, const char* words, std::size_t least = 1) {
  const auto answer = run(question);
  std::size_t count = 0;
  for (std::size_t at = 0;
       answer && (at = answer->out.find(words, at)) != std::string::npos && count < least; ++at) {
    ++count;
  }
  return count >= least;
}

/// Whether the peer is fully adjacent to the router, and its BFD sessions are up.
bool adjacent(const Layout& layout, const PeerPlace& peer) {
  const bool frr = peer.spec.daemon == "frr";
  const auto vtysh = [&](const char* daemon, const char* command) {
    return Argv{"vtysh", "--vty_socket", peer.dir.string(), "-d", daemon, "-c", command};
  };
  const auto birdc = [&](const std::string& command) {
    return Argv{"birdc", "-s", (peer.dir / "bird.ctl").string(), command};
  };
  if (layout.ospf) {
    for (const unsigned version : {2U, 3U}) {
      const bool asked = version == 2 || layout.ospf->v3;
      if (asked && !says(frr ? vtysh("ospfd", "show ip ospf neighbor")
                             : birdc("show ospf neighbors " + bird_ospf_name(version)),
                         "Full/")) {
        return false;
      }
    }
  }
  return !layout.bfd ||
         says(frr ? vtysh("bfdd", "show bfd peers json") : birdc("show bfd sessions"),
              frr ? "\"status\":\"up\"" : " Up ", 2);
}

bool has_session(const PeerPlace& peer) {
  return peer.spec.daemon == "frr"
             ? says({"vtysh", "--vty_socket", peer.dir.string(), "-d", "bgpd", "-c",
                     "show bgp summary json"},
                    "\"state\":\"Established\"")
             : says({"birdc", "-s", (peer.dir / "bird.ctl").string(), "show", "protocols"},
                    "Established");
}

}  // namespace

std::string peers_without_session(const Layout& layout, const fs::path& scenario) {
  std::string text;
  for (const PeerPlace& peer : layout.peers) {
    if (!has_session(peer)) {
      text += fmt::format("{}{}:{}: the peer \"{}\" ({}) had no BGP session with the router",
                          text.empty() ? "" : "; ", scenario.string(), peer.spec.line,
                          peer.spec.name, peer.spec.daemon);
    }
  }
  return text;
}

bool peers_have(const Layout& layout, const RouteCount& count) {
  for (const PeerPlace& peer : layout.peers) {
    const RouteCount mine = announced({peer.spec});
    if (!adjacent(layout, peer)) {
      return false;
    }
    if (held_by(peer, 4) < count.ipv4 - mine.ipv4 || held_by(peer, 6) < count.ipv6 - mine.ipv6) {
      return false;
    }
  }
  return true;
}

}  // namespace issu::drill
