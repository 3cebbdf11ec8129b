#include "backends/vm/collector.hpp"

#include <doctest/doctest.h>

#include "backends/vm/foreign_links.hpp"

namespace issu::backends::vm {
namespace {

RouterSpec sample() {
  RouterSpec spec;
  spec.name = "edge";
  spec.netns = "issu-no-such-namespace";
  spec.run_dir = "/run/issu/no-such-router";
  PortSpec east;
  east.name = "east";
  PortSpec west;
  west.name = "west";
  spec.ports = {east, west};
  spec.vm.foreign.emplace();
  return spec;
}

bool has(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

TEST_CASE("the collector waits for the guest, keeps its routes and announces nothing") {
  RouterSpec spec = sample();
  spec.vm.foreign->as = 64512;
  const std::string conf = collector_conf(spec);
  CHECK(has(conf, "local 169.254.0.1 as 64512;"));
  CHECK(has(conf, "neighbor 169.254.0.2 as 64512;"));
  CHECK(has(conf, "passive on;"));
  CHECK(has(conf, "graceful restart on;"));
  CHECK(has(conf, "interface \"east\", \"west\";"));
  CHECK(has(conf, "ipv4 { import all; export none; };"));
  CHECK(has(conf, "next hop address ::ffff:169.254.0.1;"));
}

TEST_CASE("a collector that does not run is silent by name, and can be ended") {
  const RouterSpec spec = sample();
  Collector collector(spec);
  const ControlPlaneView view = collector.view();
  CHECK_FALSE(view.answering);
  REQUIRE(view.silent.size() == 1);
  CHECK(view.silent[0] == "the route collector");
  CHECK(collector.end().has_value());
  CHECK(collector.drop_session().has_value());
  CHECK_FALSE(collector.routes().has_value());
}

TEST_CASE("the management link is each slot's own tap, with one hardware address") {
  const GuestLink a = management_link(Slot::a, true);
  const GuestLink b = management_link(Slot::b, false);
  CHECK(a.tap == "mgmta");
  CHECK(b.tap == "mgmtb");
  CHECK(a.mac == b.mac);
  CHECK(a.plugged);
  CHECK_FALSE(b.plugged);
}

}  // namespace
}  // namespace issu::backends::vm
