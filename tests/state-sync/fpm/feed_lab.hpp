#pragma once

#include <doctest/doctest.h>
#include <net/if.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "issu/base/netns.hpp"
#include "state-sync/fpm/feed.hpp"
#include "tests/backends/daemons/daemon_lab.hpp"
#include "tests/temp_dir.hpp"

namespace issu::fpm {
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
    set_link("one", true);
    set_link("two", true);
  }
  /// As npud does when it hears of a link.
  void set_link(const std::string& name, bool up) {
    daemons.ip("rt", "link set dev " + name + (up ? " up" : " down"));
    tables::Port port;
    port.name = name;
    port.up = up;
    REQUIRE(tables.set_port(port));
    feed.ports_changed();
  }

  template <typename Act>
  Result<void> inside(Act act) {
    return NetNs::inside(NetNs::path_of(daemons.netns("rt")), act);
  }
  /// All daemon routes and their ways, a line each, for the message of a failed check.
  std::string all() const {
    std::string text;
    tables.each_route([&](const tables::RouteEntry& route) {
      text += route.prefix.text() + " " + way(route.prefix.text()) + "\n";
      return true;
    });
    return text;
  }
  /// "192.0.2.2" for a route by one gateway, "2 hops" for several, "blackhole", "connected"; "" for
  /// none.
  std::string way(const std::string& prefix) const {
    const auto route = tables.find(*Prefix::parse(prefix));
    if (!route) {
      return "";
    }
    const auto members = tables.members(route->nexthop);
    if (members.size() > 1) {
      return std::to_string(members.size()) + " hops";
    }
    const auto hop = *tables.nexthop(members.empty() ? route->nexthop : members[0].nexthop);
    return hop.kind == NPU_NH_BLACKHOLE   ? "blackhole"
           : hop.kind == NPU_NH_CONNECTED ? "connected"
                                          : hop.gateway.text();
  }
};

/// Serves what comes until `done` says so; a failed check after 20 s.
template <typename Source>
void serve_until(const Lab& lab, Source& source, const std::function<bool()>& done) {
  const bool happened = wait_until(
      [&] {
        (void)source.serve();
        return done();
      },
      Deadline::in(std::chrono::seconds(20)));
  CHECK_MESSAGE(happened, lab.all());
}

}  // namespace issu::fpm
