#include "backends/npu/kernel/kernel_npu.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "issu/base/file.hpp"
#include "tests/backends/npu/kernel_lab.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::backends;
using contract::block;
using contract::state_when;

#define NEEDS_ROOT()                                    \
  if (!is_root()) {                                     \
    ISSU_SKIP("root is needed for network namespaces"); \
  }

namespace {

constexpr auto end_of_tracker = std::chrono::seconds(5);

std::string sysctl(const std::string& netns, const std::string& name) {
  std::string value;
  const auto done = NetNs::inside(NetNs::path_of(netns), [&]() -> Result<void> {
    value = read_file("/proc/sys/net/" + name).value();
    return {};
  });
  REQUIRE(done);
  return value;
}

}  // namespace

TEST_CASE("the chassis forwards, and its ports have their addresses at once") {
  NEEDS_ROOT();
  KernelLab lab;
  lab.router().ports[0].mtu = 1400;
  const auto npu = lab.make();
  REQUIRE(npu->up());
  CHECK(sysctl(lab.router().netns, "ipv4/ip_forward") == "1\n");
  CHECK(sysctl(lab.router().netns, "ipv6/conf/all/forwarding") == "1\n");
  CHECK(sysctl(lab.router().netns, "ipv6/conf/p0/forwarding") == "1\n");
  CHECK(sysctl(lab.router().netns, "ipv4/nexthop_compat_mode") == "1\n");
  const auto shown = lab.shown({"address", "show", "dev", "p0"});
  CHECK(shown.find("192.0.2.1/24") != std::string::npos);
  CHECK(shown.find("2001:db8::1/64") != std::string::npos);
  CHECK(shown.find("fe80::") != std::string::npos);
  CHECK(shown.find("tentative") == std::string::npos);
  CHECK(shown.find("mtu 1400") != std::string::npos);
  CHECK(shown.find("LOWER_UP") != std::string::npos);
}

TEST_CASE("down leaves no namespace, no link, no process and no file") {
  NEEDS_ROOT();
  const KernelLab lab;
  const auto npu = lab.make();
  REQUIRE(npu->up());
  REQUIRE(npu->watch());
  REQUIRE(npu->hold(1));
  const ProcessId tracker = lab.tracker();
  REQUIRE(tracker.pid != 0);
  struct stat status {};
  REQUIRE(::stat((lab.router().run_dir / "fibwatch.sock").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600U);
  REQUIRE(npu->down());
  CHECK_FALSE(is_alive(tracker));
  CHECK_FALSE(NetNs::exists(lab.router().netns));
  CHECK_FALSE(std::filesystem::exists(lab.router().run_dir));
  const auto links = run_checked({"ip", "-n", lab.peer(), "link"}).value();
  CHECK(links.find("q0") == std::string::npos);
}

TEST_CASE("the tracker ends when the chassis' name is gone") {
  NEEDS_ROOT();
  const KernelLab lab;
  const auto npu = lab.make();
  REQUIRE(npu->up());
  REQUIRE(npu->watch());
  const ProcessId tracker = lab.tracker();
  REQUIRE(NetNs::remove(lab.router().netns));
  CHECK(wait_until([&] { return !is_alive(tracker); }, Deadline::in(std::chrono::seconds(5))));
}

TEST_CASE("release ends the tracker") {
  NEEDS_ROOT();
  const KernelLab lab;
  const auto npu = lab.make();
  REQUIRE(npu->up());
  REQUIRE(npu->watch());
  const ProcessId tracker = lab.tracker();
  REQUIRE(npu->release());
  CHECK_FALSE(is_alive(tracker));
}

TEST_CASE("a host device is moved in and given back as it was") {
  NEEDS_ROOT();
  KernelLab lab;
  const std::string device = "npud" + std::to_string(::getpid());
  REQUIRE(run_checked({"ip", "link", "add", device, "mtu", "1450", "type", "veth", "peer", "name",
                       "far0", "netns", lab.peer()}));
  REQUIRE(run_checked({"ip", "address", "add", "198.51.100.7/31", "dev", device}));
  REQUIRE(run_checked({"ip", "link", "set", device, "up"}));
  PortSpec port;
  port.name = "p1";
  port.device = device;
  port.mtu = 1300;
  port.addresses = {"203.0.113.1/24"};
  lab.router().ports.push_back(port);
  const auto npu = lab.make();
  CHECK(npu->check());
  REQUIRE(npu->up());
  REQUIRE(npu->up());
  CHECK(npu->check());
  CHECK_FALSE(std::filesystem::exists("/sys/class/net/" + device));
  CHECK(lab.shown({"address", "show", "dev", "p1"}).find("203.0.113.1/24") != std::string::npos);
  REQUIRE(npu->down());
  const auto shown = run_checked({"ip", "address", "show", "dev", device}).value();
  CHECK(shown.find("198.51.100.7/31") != std::string::npos);
  CHECK(shown.find("203.0.113.1") == std::string::npos);
  CHECK(shown.find("mtu 1450") != std::string::npos);
  CHECK(shown.find(",UP") != std::string::npos);
  CHECK(run_checked({"ip", "link", "delete", device}));
}

TEST_CASE("check tells everything at once and touches nothing") {
  NEEDS_ROOT();
  KernelLab lab;
  PortSpec missing;
  missing.name = "p1";
  missing.device = "nosuchdev0";
  PortSpec homeless;
  homeless.name = "p2";
  homeless.peer_netns = "npu-no-such-ns";
  homeless.peer_name = "q2";
  lab.router().ports.push_back(missing);
  lab.router().ports.push_back(homeless);
  KernelNpuOptions options;
  options.fibwatch = "/no/such/program";
  const auto checked = lab.make(options)->check();
  REQUIRE_FALSE(checked);
  const auto message = checked.error().message();
  CHECK(message.find("nosuchdev0") != std::string::npos);
  CHECK(message.find("npu-no-such-ns") != std::string::npos);
  CHECK(message.find("/no/such/program") != std::string::npos);
  CHECK_FALSE(NetNs::exists(lab.router().netns));
  CHECK_FALSE(std::filesystem::exists(lab.router().run_dir));
}

TEST_CASE("a port that is up, whose configuration names a namespace that is not there, is told") {
  NEEDS_ROOT();
  KernelLab lab;
  REQUIRE(lab.make()->up());
  REQUIRE(lab.make()->check());
  lab.router().ports.front().peer_netns = "npu-no-such-ns";
  const auto checked = lab.make()->check();
  REQUIRE_FALSE(checked);
  CHECK(checked.error().message().find("npu-no-such-ns") != std::string::npos);
}

TEST_CASE("routes that the kernel drops without a word are counted as deleted") {
  NEEDS_ROOT();
  const KernelLab lab;
  const auto npu = lab.make();
  REQUIRE(npu->up());
  lab.ip(
      "nexthop add id 10 via 192.0.2.2 dev p0 proto zebra\n"
      "nexthop add id 16 via 2001:db8::2 dev p0 proto zebra\n"
      "route add 10.0.0.0/24 nhid 10 proto 186\n"
      "route add 10.0.1.0/24 nhid 10 proto 186\n"
      "route add 10.0.2.0/24 via 192.0.2.2 proto 186\n"
      "route add 2001:db8:1::/48 nhid 16 proto 186\n"
      "route add 2001:db8:2::/48 via 2001:db8::2 proto 186\n");
  REQUIRE(npu->watch());
  REQUIRE(npu->hold(1));
  REQUIRE(npu->sync_state()->held == 5);
  SUBCASE("with their nexthop object") {
    lab.ip("nexthop del id 10\nnexthop del id 16\n");
    const auto state = state_when(*npu, [](const SyncState& now) { return now.deleted == 3; });
    CHECK(state.deleted == 3);
    CHECK(state.stale == 2);
  }
  SUBCASE("with their link") {
    lab.ip("link set p0 down\n");
    const auto state = state_when(*npu, [](const SyncState& now) { return now.deleted == 5; });
    CHECK(state.deleted == 5);
    CHECK(lab.count() == 0);
  }
  SUBCASE("a nexthop object that is replaced refreshes nothing") {
    lab.ip(
        "nexthop replace id 10 via 192.0.2.9 dev p0 proto zebra\n"
        "nexthop replace id 16 via 2001:db8::9 dev p0 proto zebra\n"
        "route replace 10.0.2.0/24 via 192.0.2.9 proto 186\n");
    const auto state = state_when(*npu, [](const SyncState& now) { return now.refreshed >= 1; });
    CHECK(state.refreshed == 1);
    CHECK(state.deleted == 0);
  }
}

TEST_CASE("a sweep deletes exactly what is stale") {
  NEEDS_ROOT();
  const KernelLab lab;
  const auto npu = lab.make();
  REQUIRE(npu->up());
  lab.ip(
      "route add 10.0.0.0/24 via 192.0.2.2 proto 186 metric 20\n"
      "route add 10.0.1.0/24 via 192.0.2.2 proto 186 metric 20\n"
      "route add blackhole 10.0.2.0/24 proto 196\n"
      "route add 10.0.3.0/24 proto 12 nexthop via 192.0.2.2 nexthop via 192.0.2.3\n"
      "route add 10.0.4.0/24 via 192.0.2.2 proto static\n"
      "route add 10.0.5.0/24 via 192.0.2.2 proto 186 table 100\n"
      "route add 2001:db8:1::/48 proto 12 nexthop via 2001:db8::2 nexthop via 2001:db8::3\n"
      "route add unreachable 2001:db8:2::/48 proto 186\n");
  REQUIRE(npu->watch());
  REQUIRE(npu->hold(1));
  REQUIRE(npu->sync_state()->held == 6);
  // Another metric: the prefix is confirmed, the old route is left over.
  lab.ip("route add 10.0.0.0/24 via 192.0.2.2 proto 188 metric 110\n");
  const auto before = state_when(*npu, [](const SyncState& now) { return now.refreshed == 1; });
  CHECK(before.stale == 5);
  const auto swept = npu->sweep(1);
  REQUIRE(swept);
  CHECK(swept->swept == 6);
  CHECK(swept->deleted == 0);
  const auto left = lab.shown({"route"});
  CHECK(left.find("10.0.0.0/24 via 192.0.2.2 dev p0 proto ospf metric 110") != std::string::npos);
  CHECK(left.find("10.0.4.0/24") != std::string::npos);
  CHECK(left.find("192.0.2.0/24") != std::string::npos);
  for (const char* gone : {"metric 20", "10.0.1.0", "10.0.2.0", "10.0.3.0"}) {
    CHECK(left.find(gone) == std::string::npos);
  }
  CHECK(lab.shown({"route", "show", "table", "100"}).find("10.0.5.0/24") != std::string::npos);
  CHECK(lab.shown({"-6", "route"}).find("2001:db8:1:") == std::string::npos);
  CHECK(lab.shown({"-6", "route"}).find("2001:db8:2:") == std::string::npos);
}

TEST_CASE("one next hop that leaves an IPv6 route is no deletion") {
  NEEDS_ROOT();
  const KernelLab lab;
  const auto npu = lab.make();
  REQUIRE(npu->up());
  lab.ip("route add 2001:db8:1::/48 proto 12 nexthop via 2001:db8::2 nexthop via 2001:db8::3\n");
  REQUIRE(npu->watch());
  REQUIRE(npu->hold(1));
  lab.ip("route del 2001:db8:1::/48 via 2001:db8::3 proto 12\n");
  sleep_for(std::chrono::milliseconds(300));
  const auto state = npu->sync_state().value();
  CHECK(state.deleted == 0);
  CHECK(state.stale == 1);
}

TEST_CASE(
    "notifications that overflow the buffer make the state incomplete, and nothing is swept") {
  NEEDS_ROOT();
  const KernelLab lab;
  KernelNpuOptions options;
  options.buffer_bytes = 8192;
  const auto npu = lab.make(options);
  REQUIRE(npu->up());
  const auto routes = block("10.0.0.0/24", 5000);
  lab.install(routes, 0);
  REQUIRE(npu->watch());
  REQUIRE(npu->hold(1));
  const ProcessId tracker = lab.tracker();
  REQUIRE(send_signal(tracker, SIGSTOP));
  lab.install(routes, 1);
  REQUIRE(send_signal(tracker, SIGCONT));
  const auto state = npu->sync_state().value();
  CHECK_FALSE(state.complete);
  CHECK(state.deleted == 0);
  const auto refused = npu->sweep(1);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  CHECK(lab.count() == 5000);
  REQUIRE(npu->hold(2));
  CHECK(npu->sync_state()->complete);
  CHECK(npu->sync_state()->held == 5000);
}

TEST_CASE("changes that are missed in the middle of a sweep end it") {
  NEEDS_ROOT();
  const KernelLab lab;
  KernelNpuOptions options;
  options.buffer_bytes = 8192;  // its own deletions overflow it
  const auto npu = lab.make(options);
  REQUIRE(npu->up());
  lab.install(block("10.0.0.0/24", 5000), 0);
  REQUIRE(npu->watch());
  REQUIRE(npu->hold(1));
  const auto refused = npu->sweep(1);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  CHECK(lab.count() > 4000);
}

TEST_CASE("what is kept forwards while it is out of the table, and nothing of that is left") {
  NEEDS_ROOT();
  const KernelLab lab;
  const auto npu = lab.make();
  REQUIRE(npu->up());
  const auto routes = block("10.0.0.0/24", 600);
  lab.install(routes, 0);
  const auto kept = [&] {
    const auto shown = run_checked(
        {"ip", "-n", lab.router().netns, "route", "show", "table", "all", "proto", "250"});
    return shown.value() +
           run_checked({"ip", "-n", lab.router().netns, "nexthop", "show", "proto", "250"}).value();
  };
  const auto rules = lab.shown({"-6", "rule"});
  REQUIRE(npu->watch());
  REQUIRE(npu->hold(1));
  REQUIRE(npu->keep(1));
  lab.withdraw(routes);
  // A caller that was killed behind it: its successor does not take the empty table for the truth.
  REQUIRE(lab.make()->hold(1));
  REQUIRE(lab.make()->keep(1));
  CHECK(lab.shown({"route", "get", "10.0.7.1"}).find("192.0.2.") != std::string::npos);
  SUBCASE("swept") {
    lab.install(routes, 0);
    REQUIRE(npu->sweep(1));
  }
  SUBCASE("released") {
    REQUIRE(npu->release());
  }
  SUBCASE("released, its tracker dead") {
    REQUIRE(send_signal(lab.tracker(), SIGKILL));
    REQUIRE(wait_until([&] { return lab.tracker().pid == 0; }, Deadline::in(end_of_tracker)));
    REQUIRE(lab.make()->release());
  }
  SUBCASE("left by a caller that was killed, found by the next upgrade") {
    REQUIRE(lab.make()->hold(2));
  }
  CHECK(kept().empty());
  CHECK(lab.shown({"-6", "rule"}) == rules);
  CHECK_FALSE(std::filesystem::exists(lab.router().run_dir / "fibwatch.kept"));
}
