#include "state-sync/kernel_state.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include "issu/base/child.hpp"
#include "issu/base/netns.hpp"
#include "state-sync/kernel_shadow.hpp"
#include "tests/skip.hpp"

namespace issu::state_sync {
namespace {

/// A namespace with two interfaces of the same numbers each time; gone at the end of its life.
class Lab {
 public:
  explicit Lab(const std::string& name)
      : name_("issu-kernel-state-" + std::to_string(::getpid()) + "-" + name) {
    REQUIRE(NetNs::create(name_));
    for (const char* link : {"p0", "p1"}) {
      ip({"link", "add", link, "type", "veth", "peer", "name", std::string("x") + link});
      ip({"link", "set", link, "up"});
      ip({"link", "set", std::string("x") + link, "up"});
    }
    ip({"address", "add", "192.0.2.1/30", "dev", "p0"});
    ip({"address", "add", "192.0.2.5/30", "dev", "p1"});
    ip({"address", "add", "2001:db8::1/64", "dev", "p0", "nodad"});
  }
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;
  ~Lab() { (void)NetNs::remove(name_); }

  std::string ip(Argv words) const {
    words.insert(words.begin(), {"ip", "-n", name_});
    auto said = run_checked(words);
    REQUIRE_MESSAGE(said.has_value(), (said ? "" : said.error().message()));
    return *said;
  }
  [[nodiscard]] std::string shown() const {
    return ip({"nexthop", "show"}) + ip({"route", "show", "table", "all", "proto", "bgp"}) +
           ip({"route", "show", "table", "all", "proto", "250"}) +
           ip({"-6", "route", "show", "table", "all", "proto", "bgp"});
  }
  [[nodiscard]] std::filesystem::path netns() const { return NetNs::path_of(name_); }

 private:
  std::string name_;
};

void fill(const Lab& lab) {
  lab.ip({"nexthop", "add", "id", "12", "via", "192.0.2.2", "dev", "p0", "proto", "zebra"});
  lab.ip({"nexthop", "add", "id", "14", "via", "192.0.2.6", "dev", "p1", "proto", "zebra"});
  lab.ip({"nexthop", "add", "id", "20", "via", "fe80::2", "dev", "p0", "proto", "zebra"});
  lab.ip({"nexthop", "add", "id", "3", "group", "12,2/14", "proto", "zebra"});
  lab.ip({"nexthop", "add", "id", "30", "blackhole", "proto", "zebra"});
  for (int i = 0; i < 450; ++i) {  // several batches
    lab.ip({"route", "add",
            "10." + std::to_string(i / 200) + "." + std::to_string(i % 200) + ".0/24", "nhid",
            i % 2 == 0 ? "3" : "12", "proto", "bgp", "metric", "20"});
  }
  lab.ip({"route", "add", "10.9.0.0/24", "via", "192.0.2.2", "proto", "bgp"});
  lab.ip({"route", "add", "10.9.1.0/24", "proto", "bgp", "nexthop", "via", "192.0.2.2", "nexthop",
          "via", "192.0.2.6"});
  lab.ip({"route", "add", "10.9.2.0/24", "nhid", "12", "proto", "bgp", "table", "100"});
  lab.ip({"-6", "route", "add", "2001:db8:1::/48", "nhid", "20", "proto", "bgp"});
  lab.ip({"-6", "route", "add", "blackhole", "2001:db8:2::/48", "proto", "bgp"});
}

TEST_CASE("what daemons put into a kernel is put into another one as it was") {
  if (::geteuid() != 0) {
    ISSU_SKIP("root is needed for network namespaces");
  }
  const Lab one("one");
  fill(one);
  const auto state = read_kernel_state(one.netns());
  REQUIRE_MESSAGE(state.has_value(), (state ? "" : state.error().message()));
  const Lab two("two");
  for (int time = 0; time < 2; ++time) {  // can be repeated
    const auto written = write_kernel_state(two.netns(), *state);
    REQUIRE_MESSAGE(written.has_value(), (written ? "" : written.error().message()));
    CHECK(written->nexthops == 5);
    CHECK(written->routes == 455);
    CHECK(two.shown() == one.shown());
  }
  CHECK(one.shown().find("nhid 3") != std::string::npos);
}

TEST_CASE("a kernel that does not take it says so") {
  if (::geteuid() != 0) {
    ISSU_SKIP("root is needed for network namespaces");
  }
  const Lab one("one");
  fill(one);
  const auto state = read_kernel_state(one.netns());
  REQUIRE(state);
  const Lab two("two");
  two.ip({"link", "delete", "p1"});
  const auto written = write_kernel_state(two.netns(), *state);
  REQUIRE_FALSE(written);
  CHECK(written.error().message().find("the kernel refuses") != std::string::npos);
}

TEST_CASE("a shadow forwards what daemons took away, and leaves nothing when it is lifted") {
  if (::geteuid() != 0) {
    ISSU_SKIP("root is needed for network namespaces");
  }
  const Lab one("one");
  fill(one);
  const std::string netns = one.netns().filename();
  const auto before = one.shown() + one.ip({"rule"}) + one.ip({"-6", "rule"});
  for (int time = 0; time < 2; ++time) {
    REQUIRE(cast_shadow(netns));
  }
  CHECK(one.shown().find("10.0.2.0/24 nhid 3 ") != std::string::npos);
  // The objects first: ip can't flush a route that names one.
  one.ip({"nexthop", "flush", "proto", "11"});
  one.ip({"route", "flush", "proto", "bgp"});
  one.ip({"-6", "route", "flush", "proto", "bgp"});
  CHECK(one.ip({"route", "get", "10.0.3.1"}).find("192.0.2.2") != std::string::npos);
  CHECK(one.ip({"route", "get", "10.9.0.1"}).find("192.0.2.2") != std::string::npos);
  CHECK(one.ip({"-6", "route", "get", "2001:db8:1::1"}).find("fe80::2") != std::string::npos);
  CHECK(one.ip({"route", "show", "table", "all"}).find("10.9.2.0/24") == std::string::npos);
  fill(one);
  for (int time = 0; time < 2; ++time) {
    REQUIRE(lift_shadow(netns));
  }
  CHECK(one.shown() + one.ip({"rule"}) + one.ip({"-6", "rule"}) == before);
}

TEST_CASE("an empty kernel has nothing, and other bytes are refused") {
  CHECK(as_requests({})->routes.empty());
  CHECK_FALSE(as_requests({"x", ""}));
  CHECK_FALSE(as_requests({"", std::string(64, '\0')}));
  CHECK_FALSE(as_requests({"", std::string(64, '\xff')}));
  // A message of another kind: a link is not among what is put back.
  std::string link(32, '\0');
  link[0] = 32;
  link[4] = 16;
  CHECK_FALSE(as_requests({"", link}));
}

}  // namespace
}  // namespace issu::state_sync
