// The daemons of FRR, as they come with the distribution, frozen by CRIU beside neighbours that
// run on: BGP with keys and ttl-security, OSPF, OSPFv3, BFD.

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "checkpoint/conditioner/conditioner.hpp"
#include "checkpoint/flow_lock.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "tests/checkpoint/criu_lab.hpp"
#include "tests/skip.hpp"

namespace issu::tests {
namespace {

namespace fs = std::filesystem;
using checkpoint::Conditioner;
using checkpoint::FlowLock;

constexpr const char* daemons[] = {"bgpd", "ospfd", "ospf6d", "bfdd"};

void good(const Result<void>& result) {
  INFO((result ? "" : result.error().message()));
  REQUIRE(result.has_value());
}

struct Side {
  fs::path folder;
  std::string port;
  int number;
  int other;
};

std::string bgpd_conf(const Side& side) {
  const std::string ipv4 = "192.0.2." + std::to_string(side.other);
  const std::string ipv6 = "2001:db8::" + std::to_string(side.other);
  std::string text = "router bgp 6500" + std::to_string(side.number) + "\n bgp router-id 192.0.2." +
                     std::to_string(side.number) +
                     "\n no bgp ebgp-requires-policy\n timers bgp 1 60\n";
  for (const std::string& peer : {ipv4, ipv6}) {
    text += " neighbor " + peer + " remote-as 6500" + std::to_string(side.other) + "\n neighbor " +
            peer + " password hush-" + (peer == ipv4 ? "four" : "six") + "\n neighbor " + peer +
            " ttl-security hops 1\n neighbor " + peer + " timers connect 1\n";
    text += side.number == 1 ? " neighbor " + peer + " passive\n" : "";
  }
  return text;
}

void write_configuration(const Side& side) {
  good(make_dirs(side.folder, 0755));
  const auto write = [&side](const std::string& name, const std::string& text) {
    std::ofstream(side.folder / name) << text;
  };
  const std::string ipv6 = "2001:db8::";
  write("zebra.conf", "");
  write("bgpd.conf", bgpd_conf(side));
  write("ospfd.conf", "interface " + side.port +
                          "\n ip ospf hello-interval 1\n ip ospf dead-interval 10\n"
                          "router ospf\n network 192.0.2.0/24 area 0\n");
  write("ospf6d.conf", "interface " + side.port +
                           "\n ipv6 ospf6 area 0\n ipv6 ospf6 hello-interval 1\n"
                           " ipv6 ospf6 dead-interval 10\nrouter ospf6\n ospf6 router-id 192.0.2." +
                           std::to_string(side.number) + "\n");
  write("bfdd.conf", "bfd\n peer 192.0.2." + std::to_string(side.other) +
                         "\n  detect-multiplier 20\n peer " + ipv6 + std::to_string(side.other) +
                         " local-address " + ipv6 + std::to_string(side.number) +
                         "\n  detect-multiplier 20\n");
  // As root, with root in FRR's group: CRIU can't dump processes of another user everywhere.
  std::string group;
  std::ifstream groups("/etc/group");
  for (std::string line; std::getline(groups, line);) {
    group +=
        line.starts_with("frrvty:") ? line.substr(0, line.rfind(':')) + ":root\n" : line + "\n";
  }
  write("group", group);
  const std::string at = side.folder;
  const std::string common = " -u root -g root --vty_socket " + at + " -z " + at + "/zserv";
  std::string script = "mount --bind " + at + "/group /etc/group || exit 1\ncd " + at +
                       "\n/usr/lib/frr/zebra" + common + " -i zebra.pid -f zebra.conf &\n" +
                       "while ! vtysh --vty_socket " + at +
                       " -d zebra -c 'show version' >/dev/null 2>&1; do sleep 0.1; done\n";
  for (const std::string name : daemons) {
    script += "/usr/lib/frr/" + name + common + " -P 0 -i " + name + ".pid -f " + name + ".conf" +
              (name == "bfdd" ? " --bfdctl " + at + "/bfdd.sock" : "") + " &\n";
  }
  write("run", script + "wait\n");
}

std::string ask(const Side& side, const std::string& question) {
  return run_checked({"vtysh", "--vty_socket", side.folder, "-c", question}).value_or("");
}

nlohmann::json ask_json(const Side& side, const std::string& question) {
  auto answer = nlohmann::json::parse(ask(side, question + " json"), nullptr, false);
  return answer.is_structured() ? answer : nlohmann::json::object();  // a daemon may not be up yet
}

/// What the neighbour has seen of its sessions; every loss changes it.
std::string history(const Side& side) {
  std::string text;
  const auto bgp = ask_json(side, "show bgp neighbors");
  for (const auto& [peer, state] : bgp.items()) {
    text += peer + " " + state.value("bgpState", "") + " " +
            std::to_string(state.value("connectionsEstablished", 0)) + " " +
            std::to_string(state.value("connectionsDropped", 0)) + "\n";
  }
  const auto bfd = ask_json(side, "show bfd peers counters");
  for (const auto& peer : bfd) {
    text += peer.value("peer", "") + " up " + std::to_string(peer.value("session-up", 0)) +
            " down " + std::to_string(peer.value("session-down", 0)) + "\n";
  }
  return text;
}

std::uint64_t heard(const Side& side) {
  std::uint64_t sum = 0;
  const auto bgp = ask_json(side, "show bgp neighbors");
  for (const auto& [peer, state] : bgp.items()) {
    sum += state["messageStats"].value("totalRecv", 0);
  }
  return sum;
}

bool is_full(const Side& side) {
  return ask(side, "show ip ospf neighbor").find(" Full/") != std::string::npos &&
         ask(side, "show ipv6 ospf6 neighbor").find(" Full/") != std::string::npos;
}

bool has_converged(const Side& side) {
  const std::string seen = history(side);
  const auto count = [&seen](const std::string& what) {
    std::size_t number = 0;
    for (std::size_t at = seen.find(what); at != std::string::npos; at = seen.find(what, at + 1)) {
      ++number;
    }
    return number;
  };
  return count("Established") == 2 && count(" up 1 down 0") == 2 && is_full(side);
}

}  // namespace

TEST_CASE("FRR's sessions and neighbours do not notice that it was frozen") {
  if (const auto missing = CriuLab::missing(); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  for (const std::string name : daemons) {
    if (::access(("/usr/lib/frr/" + name).c_str(), X_OK) != 0) {
      ISSU_SKIP("FRR's " + name + " is not installed");
    }
  }
  CriuLab lab;
  const Side here{lab.folder() / "a", "p0", 1, 2};
  const Side there{lab.folder() / "b", "q0", 2, 1};
  write_configuration(here);
  write_configuration(there);
  lab.start_beside({"bash", there.folder / "run"});
  lab.start({"run", "bash", here.folder / "run"});
  REQUIRE(wait_until([&] { return has_converged(there) && is_full(here); },
                     Deadline::in(std::chrono::seconds(60)), std::chrono::milliseconds(500)));
  const std::string before = history(there);

  auto conditioner = Conditioner::collect(lab.actors());
  INFO((conditioner ? "" : conditioner.error().message()));
  REQUIRE(conditioner.has_value());
  const auto summary = conditioner->summary();
  INFO(summary.dump());
  CHECK(summary["tcp_flows"] == 2);
  CHECK(summary["tcp_md5_keys"] == 4);  // two listening sockets, two sessions
  CHECK(summary["multicast_memberships"] == 4);
  CHECK(summary["netlink_groups"].get<int>() >= 1);
  CHECK(summary.dump().find("hush") == std::string::npos);
  CHECK(conditioner->obstacles().empty());

  FlowLock lock(lab.here(), "frr");
  good(lock.lock(conditioner->flows(), std::chrono::seconds(60)));
  good(conditioner->undo(lab.actors()));
  good(lab.dump({"--file-locks"}));
  good(lab.restore({"--file-locks"}));
  good(conditioner->redo(lab.actors()));
  good(lock.lift());
  const auto again = Conditioner::collect(lab.actors());
  REQUIRE(again.has_value());
  CHECK(again->summary() == summary);

  const std::uint64_t messages = heard(there);
  CHECK(wait_until([&] { return heard(there) >= messages + 4; },
                   Deadline::in(std::chrono::seconds(30)), std::chrono::milliseconds(200)));
  sleep_for(std::chrono::seconds(12));  // more than OSPF's dead interval
  CHECK(is_full(there));
  CHECK(is_full(here));
  CHECK(history(there) == before);
}

}  // namespace issu::tests
