// Real BIRD by way of the kernel: what arrives in the tables.
#include "state-sync/fpm/kernel_listener.hpp"
#include "tests/skip.hpp"
#include "tests/state-sync/fpm/feed_lab.hpp"

namespace issu::fpm {
namespace {

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
  const auto serve = [&](const std::function<bool()>& done) { serve_until(lab, *listener, done); };
  serve([&] { return lab.tables.counts().daemon4 == 3 && lab.tables.counts().daemon6 == 1; });
  CHECK(lab.way("10.1.0.0/16") == "192.0.2.2");
  CHECK(lab.way("10.2.0.0/16") == "2 hops");
  CHECK(lab.way("10.3.0.0/16") == "blackhole");
  CHECK(lab.way("2001:db8:1::/48") == "2001:db8::2");

  // The kernel drops the routes of a link that goes down without a word; the listener looks again.
  lab.daemons.kill("rt");
  lab.set_link("one", false);
  serve([&] { return lab.way("10.1.0.0/16").empty(); });
  CHECK(lab.way("2001:db8:1::/48").empty());
  CHECK(listener->counters().resyncs > 1);
}

}  // namespace
}  // namespace issu::fpm
