#include "issu/drill/lab.hpp"
#include "issu/drill/drill.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "issu/drill/configs.hpp"
#include "tests/drill/sample.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::drill;
using namespace issu::drill::testing;

namespace {

constexpr std::uint16_t kPort = 17'777;

/// A UDP socket inside a peer's namespace.
Fd udp_socket(const PeerPlace& peer, int family) {
  Fd fd;
  const auto done = NetNs::inside(NetNs::path_of(peer.netns), [&]() -> Result<void> {
    fd = Fd(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return {};
  });
  REQUIRE(done);
  return fd;
}

/// Whether a datagram to `address` comes out at `to`.
bool reaches(const PeerPlace& from, const PeerPlace& to, const std::string& address) {
  const bool v6 = address.find(':') != std::string::npos;
  const Fd sender = udp_socket(from, v6 ? AF_INET6 : AF_INET);
  const Fd receiver = udp_socket(to, v6 ? AF_INET6 : AF_INET);
  sockaddr_in6 target6{};
  target6.sin6_family = AF_INET6;
  target6.sin6_port = htons(kPort);
  sockaddr_in target4{};
  target4.sin_family = AF_INET;
  target4.sin_port = htons(kPort);
  auto* target = v6 ? reinterpret_cast<sockaddr*>(&target6) : reinterpret_cast<sockaddr*>(&target4);
  const socklen_t size = v6 ? sizeof target6 : sizeof target4;
  REQUIRE(::bind(receiver.get(), target, size) == 0);
  void* place = v6 ? static_cast<void*>(&target6.sin6_addr) : &target4.sin_addr;
  REQUIRE(::inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(), place) == 1);
  for (int tries = 0; tries < 20; ++tries) {
    (void)::sendto(sender.get(), "x", 1, 0, target, size);
    pollfd watched{receiver.get(), POLLIN, 0};
    if (::poll(&watched, 1, 50) == 1) {
      return true;
    }
  }
  return false;
}

/// The neighbours of the sample, with a router that is made by hand: the host's own daemons in a
/// namespace, without any container.
struct HandMadeLab {
  tests::TempDir folder;
  LabSpec spec;
  Layout layout;
  LabRecord record;

  explicit HandMadeLab(const std::string& suite) {
    const auto scenario = load_text(with("suite = \"frr\"", "suite = \"" + suite + "\""));
    REQUIRE_MESSAGE(scenario, scenario.error().message());
    spec = scenario->lab;
    const std::string id = "drill-" + std::to_string(getpid()) + suite.substr(0, 1);
    layout = lay_out(spec, id, folder / ("issu-" + id));
    record.id = id;
    record.owner = identify(getpid());
    record.work = layout.work;
    record.issu = "/bin/true";  // there is no router to take down
    REQUIRE(run_checked({"chmod", "0711", folder.path().string()}));
    REQUIRE(make_dirs(layout.work, 0711));
    const auto made = make_peers(spec, layout, record, "test", folder / "keyring.pem");
    REQUIRE_MESSAGE(made, made.error().message());
    make_chassis();
    const auto started = start_peers(layout, record);
    REQUIRE_MESSAGE(started, started.error().message());
  }

  ~HandMadeLab() { CHECK(give_back(record)); }

  void make_chassis() {
    REQUIRE(NetNs::create(layout.chassis()));
    // Nor does it take them by a next hop that is still looked for by duplicate address detection.
    REQUIRE(run_checked({"ip", "netns", "exec", layout.chassis(), "sysctl", "-qw",
                         "net.ipv6.conf.default.accept_dad=0"}));
    const auto in_chassis = [&](Argv words) {
      Argv argv{"ip", "-n", layout.chassis()};
      argv.insert(argv.end(), words.begin(), words.end());
      const auto done = run_checked(argv);
      REQUIRE_MESSAGE(done, done.error().message());
    };
    for (const PeerPlace& peer : layout.peers) {
      in_chassis({"link", "add", "name", peer.port, "type", "veth", "peer", "name", peer.interface,
                  "netns", peer.netns});
      in_chassis({"addr", "add", peer.router4 + "/30", "dev", peer.port});
      in_chassis({"-6", "addr", "add", peer.router6 + "/64", "dev", peer.port, "nodad"});
      in_chassis({"link", "set", "dev", peer.port, "up"});
    }
    for (const char* key : {"net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"}) {
      REQUIRE(run_checked({"ip", "netns", "exec", layout.chassis(), "sysctl", "-qw", key}));
    }
  }

  void start_router(const Argv& argv) {
    SpawnOptions options;
    options.netns = NetNs::path_of(layout.chassis());
    options.log = layout.work / "router.log";
    const auto process = spawn_detached(argv, options);
    REQUIRE(process);
    record.processes.push_back({*process, argv.front()});
  }

  /// The daemons of the host's FRR, in a folder of their own.
  void start_frr() {
    const auto dir = layout.work / "frr";
    REQUIRE(make_dirs(dir, 0755));
    // The configuration is its owner's alone, and FRR reads it as its own user.
    REQUIRE(run_checked({"chown", "-R", "frr:frr", dir.string(), layout.config_dir().string()}));
    for (const std::string daemon : {"zebra", "bgpd"}) {
      start_router({"/usr/lib/frr/" + daemon, "-f",
                    (layout.config_dir() / (daemon + ".conf")).string(), "-i",
                    (dir / (daemon + ".pid")).string(), "--vty_socket", dir.string(), "-z",
                    (dir / "zserv.api").string(), "-P", "0"});
      // A bgpd that has sessions before zebra has told it the interfaces drops their IPv6 routes.
      REQUIRE(wait_until(
          [&] {
            return run({"vtysh", "--vty_socket", dir.string(), "-d", daemon, "-c", "show version"})
                       ->status == 0;
          },
          Deadline::in(std::chrono::seconds(20)), std::chrono::milliseconds(50)));
    }
  }

  [[nodiscard]] std::size_t kernel_routes() const {
    const auto said = run({"ip", "-n", layout.chassis(), "route", "show", "proto", "bgp"});
    const auto bird = run({"ip", "-n", layout.chassis(), "route", "show", "proto", "bird"});
    const std::string all = said->out + bird->out;
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), '\n'));
  }

  void check_that_it_works() {
    const RouteCount all = announced(spec.peers);
    CHECK(wait_until([&] { return peers_have(layout, all) && kernel_routes() >= all.ipv4; },
                     Deadline::in(std::chrono::seconds(40)), std::chrono::milliseconds(200)));
    CHECK(kernel_routes() == all.ipv4);
    CHECK(peers_without_session(layout, "lab.toml").empty());
    // An address in the middle of what the other side announces is reached.
    const PeerPlace& east = layout.peers[0];
    const PeerPlace& west = layout.peers[1];
    CHECK(reaches(east, west, "10.133.17.5"));
    CHECK(reaches(west, east, "10.0.77.9"));
    CHECK(reaches(west, east, "2001:db8:1013::9"));
    CHECK_FALSE(reaches(west, east, "10.1.44.1"));  // announced by nobody
  }
};

}  // namespace

TEST_CASE("a BIRD and an FRR peer fill a BIRD router and answer for all their addresses") {
  if (geteuid() != 0) {
    ISSU_SKIP("network namespaces need root");
  }
  HandMadeLab lab("bird");
  lab.start_router({"bird", "-f", "-c", (lab.layout.config_dir() / "bird.conf").string(), "-s",
                    (lab.layout.work / "router.ctl").string()});
  lab.check_that_it_works();
}

TEST_CASE("a BIRD and an FRR peer fill an FRR router and answer for all their addresses") {
  if (geteuid() != 0) {
    ISSU_SKIP("network namespaces need root");
  }
  HandMadeLab lab("frr");
  // Without a router nobody has come up, and each is told by its place in the file.
  const std::string mute = peers_without_session(lab.layout, "lab.toml");
  CHECK(mute.find("lab.toml:10: the peer \"east\" (bird) had no BGP session") != std::string::npos);
  CHECK(mute.find("lab.toml:15: the peer \"west\" (frr) had no BGP session") != std::string::npos);
  lab.start_frr();
  lab.check_that_it_works();
}

TEST_CASE("a lab whose drill was killed is found and taken away, one whose drill runs is not") {
  if (geteuid() != 0) {
    ISSU_SKIP("network namespaces need root");
  }
  const tests::TempDir folder;
  LabRecord record;
  record.id = "drill-" + std::to_string(getpid()) + "k";
  record.work = folder / ("issu-" + record.id);
  record.issu = "/bin/true";
  record.netns = {record.id + "-east"};
  record.owner = identify(getpid());
  REQUIRE(make_dirs(record.work));
  REQUIRE(NetNs::create(record.netns.front()));
  SpawnOptions inside;
  inside.netns = NetNs::path_of(record.netns.front());
  const auto known = spawn_detached({"sleep", "60"}, inside);
  const auto unknown = spawn_detached({"sleep", "61"}, inside);
  REQUIRE(known);
  REQUIRE(unknown);
  record.processes = {{*known, "east"}};
  REQUIRE(record.save());
  CHECK(abandoned_labs(folder.path(), true).empty());

  record.owner.start_ticks += 1;  // a process of that number, but another one
  record.kept = true;
  REQUIRE(record.save());
  CHECK(abandoned_labs(folder.path(), false).empty());
  const auto found = abandoned_labs(folder.path(), true);
  REQUIRE(found.size() == 1);
  CHECK(found[0].netns == record.netns);
  CHECK(give_back(found[0]));
  CHECK_FALSE(is_alive(*known));
  CHECK_FALSE(is_alive(*unknown));
  CHECK_FALSE(NetNs::exists(record.netns.front()));
  CHECK_FALSE(std::filesystem::exists(record.work));
  CHECK(give_back(found[0]));  // again: nothing to do is no fault
}

TEST_CASE("a lab whose program is gone is taken away by the one that finds it") {
  if (geteuid() != 0) {
    ISSU_SKIP("network namespaces need root");
  }
  const tests::TempDir folder;
  LabRecord record;
  record.id = "drill-" + std::to_string(getpid()) + "g";
  record.work = folder / ("issu-" + record.id);
  record.issu = folder / "a-tree-that-was-removed/issu";
  record.owner = identify(getpid());
  record.owner.start_ticks += 1;
  REQUIRE(make_dirs(record.work));
  REQUIRE(write_file_atomic(record.work / "router.toml", "[router]\n"));
  REQUIRE(record.save());
  const auto names = clean_up(folder.path(), false, "/bin/true");
  REQUIRE_MESSAGE(names, names.error().message());
  CHECK(*names == std::vector<std::string>{record.id});
  CHECK_FALSE(std::filesystem::exists(record.work));
}
