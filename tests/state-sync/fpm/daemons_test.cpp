// Real zebra with dplane_fpm_nl, and real BIRD by way of the kernel: what arrives in the tables.
#include <doctest/doctest.h>
#include <net/if.h>
#include <poll.h>

#include "issu/base/netns.hpp"
#include "state-sync/fpm/kernel_listener.hpp"
#include "state-sync/fpm/server.hpp"
#include "tests/backends/daemons/daemon_lab.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

namespace issu::fpm {
namespace {

/// A router with two ports, `one` and `two`, and the NPU's tables beside it.
struct Lab {
  test::DaemonLab daemons;
  tests::TempDir dir;
  tables::Segment segment = *tables::Segment::create_file(dir / "tables", {});
  tables::Writer tables = *tables::Writer::open(segment);
  std::uint32_t one = 0, two = 0;  ///< interfaces
  Feed feed{tables,
            {[this](std::uint32_t ifindex) -> std::optional<std::uint32_t> {
               return ifindex == one   ? std::optional(0U)
                      : ifindex == two ? std::optional(1U)
                                       : std::nullopt;
             },
             [](const std::string& text) { MESSAGE(text); }}};

  Lab() {
    daemons.link("rt", "one", {"192.0.2.1/24", "2001:db8::1/64"}, "peer", "toone",
                 {"192.0.2.2/24", "2001:db8::2/64"});
    daemons.link("rt", "two", {"198.51.100.1/24"}, "peer", "totwo", {"198.51.100.2/24"});
    daemons.ip("rt", "link set dev lo up");
    REQUIRE(inside([&]() -> Result<void> {
      one = if_nametoindex("one");
      two = if_nametoindex("two");
      return {};
    }));
    for (const char* name : {"one", "two"}) {
      tables::Port port;
      port.name = name;
      REQUIRE(tables.set_port(port));
    }
  }

  template <typename Act>
  Result<void> inside(Act act) {
    return NetNs::inside(NetNs::path_of(daemons.netns("rt")), act);
  }
  /// "192.0.2.2" for a route by one gateway, "2 hops" for several, "blackhole", "" for none.
  std::string way(const std::string& prefix) const {
    const auto route = tables.find(*Prefix::parse(prefix));
    if (!route) {
      return "";
    }
    if (const auto members = tables.members(route->nexthop); !members.empty()) {
      return std::to_string(members.size()) + " hops";
    }
    const auto hop = *tables.nexthop(route->nexthop);
    return hop.kind == NPU_NH_BLACKHOLE ? "blackhole" : hop.gateway.text();
  }
};

template <typename Source>
void serve_until(Source& source, const std::vector<int>& fds, const std::function<bool()>& done) {
  const Deadline deadline = Deadline::in(std::chrono::seconds(20));
  while (!done() && !deadline.passed()) {
    std::vector<pollfd> watched;
    for (const int fd : fds) {
      watched.push_back({fd, POLLIN, 0});
    }
    ::poll(watched.data(), watched.size(), 50);
    (void)source.serve();
  }
  CHECK(done());
}

void vty(Lab& lab, const std::vector<std::string>& commands) {
  Argv argv{"vtysh", "--vty_socket", lab.daemons.folder().string(), "-c", "configure terminal"};
  for (const std::string& command : commands) {
    argv.insert(argv.end(), {"-c", command});
  }
  const auto said = run_checked(argv);
  REQUIRE_MESSAGE(said, (said ? "" : said.error().message()));
}

void try_frr(const std::string& use_groups) {
  Lab lab;
  Fd listener;
  REQUIRE(lab.inside([&]() -> Result<void> {
    auto opened = listen_for_fpm(2620);
    if (!opened) {
      return fail(std::move(opened).error());
    }
    listener = std::move(*opened);
    return {};
  }));
  FpmServer server(std::move(listener), lab.feed);
  lab.daemons.start_frr("rt", "zebra", use_groups + "fpm address 127.0.0.1 port 2620\n",
                        {"-M", "dplane_fpm_nl"});
  lab.daemons.start_frr("rt", "staticd",
                        "ip route 10.1.0.0/16 192.0.2.2\n"
                        "ip route 10.2.0.0/16 192.0.2.2\nip route 10.2.0.0/16 198.51.100.2\n"
                        "ip route 10.3.0.0/16 blackhole\n"
                        "ipv6 route 2001:db8:1::/48 2001:db8::2\n");
  const auto serve = [&](const std::function<bool()>& done) {
    serve_until(server, server.fds(), done);
  };
  serve([&] { return !lab.way("2001:db8:1::/48").empty() && lab.way("10.2.0.0/16") == "2 hops"; });
  CHECK(lab.way("10.1.0.0/16") == "192.0.2.2");
  CHECK(lab.way("10.3.0.0/16") == "blackhole");
  CHECK(lab.way("2001:db8:1::/48") == "2001:db8::2");
  CHECK(lab.tables.counts().daemon4 == 3);
  CHECK(lab.tables.counts().daemon6 == 1);

  // A change is one change, a withdrawal is gone.
  REQUIRE(lab.tables.hold(1));
  vty(lab, {"no ip route 10.1.0.0/16 192.0.2.2", "ip route 10.1.0.0/16 198.51.100.2",
            "no ip route 10.3.0.0/16 blackhole"});
  serve([&] { return lab.way("10.1.0.0/16") == "198.51.100.2" && lab.way("10.3.0.0/16").empty(); });

  // A new epoch: the connection ends, zebra comes again and says everything once more.
  server.begin_epoch();
  CHECK_FALSE(server.connected());
  REQUIRE(lab.tables.hold(2));
  CHECK(lab.tables.hold_state().stale == 3);
  serve([&] { return lab.tables.hold_state().stale == 0; });
  CHECK(lab.tables.hold_state().deleted == 0);
  CHECK(lab.feed.counters().malformed == 0);
  CHECK(lab.feed.counters().unknown_nexthop == 0);

  // Killed without a word: the tables keep what they have.
  lab.daemons.kill("zebra");
  serve([&] { return !server.connected(); });
  CHECK(lab.way("10.1.0.0/16") == "198.51.100.2");
}

TEST_CASE("FRR over FPM, with next-hop groups") {
  if (const std::string missing = test::DaemonLab::missing(); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  try_frr("");
}

TEST_CASE("FRR over FPM, without next-hop groups") {
  if (const std::string missing = test::DaemonLab::missing(); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  try_frr("no fpm use-next-hop-groups\n");
}

TEST_CASE("BIRD by way of the kernel: routes, changes, an interface that goes down") {
  if (const std::string missing = test::DaemonLab::missing(); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  Lab lab;
  const auto config = [](const std::string& gateway) {
    return "router id 192.0.2.1;\nprotocol device {}\n"
           "protocol kernel { ipv4 { export all; }; merge paths on; }\n"
           "protocol kernel { ipv6 { export all; }; }\n"
           "protocol static { ipv4; route 10.1.0.0/16 via " +
           gateway +
           "; route 10.2.0.0/16 via 192.0.2.2 via 198.51.100.2; route 10.3.0.0/16 blackhole; }\n"
           "protocol static { ipv6; route 2001:db8:1::/48 via 2001:db8::2; }\n";
  };
  lab.daemons.start_bird("rt", config("192.0.2.2"));
  std::optional<KernelListener> listener;
  REQUIRE(lab.inside([&]() -> Result<void> {
    auto opened = KernelListener::open(lab.feed, lab.tables);
    if (!opened) {
      return fail(std::move(opened).error());
    }
    listener.emplace(std::move(*opened));
    return {};
  }));
  const auto serve = [&](const std::function<bool()>& done) {
    serve_until(*listener, {listener->fd()}, done);
  };
  serve([&] { return lab.tables.counts().daemon4 == 3 && lab.tables.counts().daemon6 == 1; });
  CHECK(lab.way("10.1.0.0/16") == "192.0.2.2");
  CHECK(lab.way("10.2.0.0/16") == "2 hops");
  CHECK(lab.way("10.3.0.0/16") == "blackhole");
  CHECK(lab.way("2001:db8:1::/48") == "2001:db8::2");

  // The kernel drops the routes of a link that goes down without a word; the listener looks again.
  lab.daemons.kill("rt");
  lab.daemons.ip("rt", "link set dev one down");
  serve([&] { return lab.way("10.1.0.0/16").empty(); });
  CHECK(lab.way("2001:db8:1::/48").empty());
  CHECK(listener->counters().resyncs > 1);
}

}  // namespace
}  // namespace issu::fpm
