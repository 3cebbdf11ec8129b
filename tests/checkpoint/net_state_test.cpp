// The network stack of a namespace, written down and made again in another: by the real kernel.

#include "checkpoint/net_state/net_state.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>

#include "issu/base/child.hpp"
#include "issu/base/netns.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;
using issu::checkpoint::NetState;

namespace {

/// A namespace of a test, gone with it.
class Space {
 public:
  explicit Space(const std::string& word) : name_("issu-net-" + word + std::to_string(::getpid())) {
    REQUIRE(NetNs::create(name_).has_value());
  }
  Space(const Space&) = delete;
  Space& operator=(const Space&) = delete;
  ~Space() { CHECK(NetNs::remove(name_).has_value()); }

  [[nodiscard]] auto path() const { return NetNs::path_of(name_); }
  [[nodiscard]] std::string says(const Argv& words) const {
    RunOptions options;
    options.netns = path();
    auto said = run_checked(words, options);
    if (!said) {
      FAIL(said.error().message());
    }
    return *said;
  }
  void ip(const std::string& lines, const Argv& more = {}) const {
    RunOptions options;
    options.netns = path();
    options.input = lines;
    Argv words{"ip"};
    words.insert(words.end(), more.begin(), more.end());
    words.insert(words.end(), {"-batch", "-"});
    auto done = run_checked(words, options);
    if (!done) {
      FAIL(done.error().message());
    }
  }
  [[nodiscard]] NetState read() const {
    auto state = NetState::read(path());
    if (!state) {
      FAIL(state.error().message());
    }
    return std::move(*state);
  }

 private:
  std::string name_;
};

void expect_equal(const NetState& one, const NetState& other) {
  for (const auto& what : one.lacking_in(other)) {
    FAIL_CHECK("lacking: " << what);
  }
  for (const auto& what : other.lacking_in(one)) {
    FAIL_CHECK("more: " << what);
  }
}

void make(const NetState& state, const Space& space) {
  if (auto made = state.make(space.path()); !made) {
    FAIL(made.error().message());
  }
}

/// Links as a router has them, made of what every kernel has: pairs, a loopback with addresses.
const char* const links =
    R"(link add dev d0 index 40 address 02:00:00:00:00:40 mtu 1400 type veth peer name d1
link add dev v0 index 51 address 02:00:00:00:00:51 type veth peer name v1
link set dev d0 up
link set dev v0 up
link set dev v1 up
link set dev d1 up
address add 192.0.2.1/24 dev v0
address add 192.0.2.2/24 dev v0
address add 203.0.113.7/32 dev lo
address add 198.51.100.1/25 dev d0
address add 2001:db8::1/64 dev v0 nodad
address add 2001:db8:1::1/128 dev lo
neighbour add 192.0.2.9 lladdr 02:00:00:00:00:99 dev v0 nud permanent
neighbour add 2001:db8::9 lladdr 02:00:00:00:00:98 dev v0 nud permanent
)";

const char* const routes = R"(nexthop add id 7 via 192.0.2.9 dev v0 proto zebra
nexthop add id 8 via 2001:db8::9 dev v0 proto zebra
nexthop add id 9 via 198.51.100.2 dev d0 proto zebra
nexthop add id 20 group 7,3/9,1 proto zebra
nexthop add id 21 blackhole proto zebra
route add 10.1.0.0/16 nhid 7 proto bgp metric 20
route add 10.2.0.0/16 nhid 20 proto bgp metric 20
route add 10.3.0.0/16 nhid 21 proto static
route add 10.4.0.0/16 via 192.0.2.9 src 203.0.113.7 proto bgp metric 20
route add 10.5.0.0/16 proto ospf metric 20 nexthop via 192.0.2.9 weight 3 nexthop via 198.51.100.2
route add 10.6.0.0/16 via 192.0.2.9 table 100 mtu 1300
route add blackhole 10.7.0.0/16 proto static
route add 2001:db8:f000::/36 nhid 8 proto bgp metric 20
route add 2001:db8:e000::/36 via 2001:db8::9 dev v0 proto bgp metric 20
rule add from 10.9.0.0/16 lookup 100 priority 900
)";

}  // namespace

TEST_CASE("a network stack is made again with its indexes, ids and addresses") {
  if (geteuid() != 0) {
    ISSU_SKIP("root is needed for a network namespace");
  }
  const Space old("a");
  old.ip(links);
  old.ip(routes);
  const NetState before = old.read();
  CHECK(before.obstacles().empty());
  CAPTURE(before.summary());

  const Space fresh("b");
  make(before, fresh);
  expect_equal(before, fresh.read());
  CHECK(fresh.says({"ip", "-brief", "-details", "link", "show", "dev", "v0"}).find("v0@v1") == 0);
  CHECK(fresh.says({"ip", "-o", "link", "show", "dev", "d0"}).starts_with("40: d0@d1:"));
  CHECK(fresh.says({"ip", "nexthop", "show", "id", "20"}).find("group 7,3/9") != std::string::npos);
  CHECK(fresh.says({"ip", "route", "show", "10.2.0.0/16"}).find("nhid 20") != std::string::npos);
  CHECK(fresh.says({"ip", "route", "show", "10.6.0.0/16", "table", "100"}).find("mtu 1300") !=
        std::string::npos);
  CHECK(fresh.says({"ip", "neighbour", "show", "192.0.2.9"}).find("02:00:00:00:00:99") !=
        std::string::npos);
  // The first address of a network stays the first one.
  CHECK(fresh.says({"ip", "-o", "-4", "address", "show", "dev", "v0", "primary"})
            .find("192.0.2.1/24") != std::string::npos);

  // Once more: a caller before this one was killed.
  make(before, fresh);
  expect_equal(before, fresh.read());
}

TEST_CASE("what differs afterwards is told by name") {
  if (geteuid() != 0) {
    ISSU_SKIP("root is needed for a network namespace");
  }
  const Space space("a");
  space.ip(links);
  space.ip(routes);
  const NetState before = space.read();
  space.ip("route delete 10.4.0.0/16\naddress delete 203.0.113.7/32 dev lo\n");
  const auto lacking = before.lacking_in(space.read());
  CHECK(std::find(lacking.begin(), lacking.end(), "route 10.4.0.0/16 of table 254") !=
        lacking.end());
  CHECK(std::find(lacking.begin(), lacking.end(), "address 203.0.113.7/32 of link index 1") !=
        lacking.end());
}

TEST_CASE("ten thousand routes are written down, read and made again") {
  if (geteuid() != 0) {
    ISSU_SKIP("root is needed for a network namespace");
  }
  const Space old("a");
  old.ip(links);
  old.ip(routes);
  std::string lines;
  for (int n = 0; n < 10'000; ++n) {
    lines += "route add 172." + std::to_string(16 + n / 4096) + "." + std::to_string(n / 16 % 256) +
             "." + std::to_string(n % 16 * 16) + "/28 nhid " + (n % 2 == 0 ? "7" : "20") +
             " proto bgp metric 20\n";
  }
  old.ip(lines);
  const NetState before = old.read();
  CHECK(before.objects().size() > 10'000);

  const tests::TempDir dir;
  REQUIRE(before.save(dir.path() / "network").has_value());
  auto loaded = NetState::load(dir.path() / "network");
  REQUIRE(loaded.has_value());
  CHECK(std::equal(before.objects().begin(), before.objects().end(), loaded->objects().begin(),
                   loaded->objects().end()));
  const Space fresh("b");
  make(*loaded, fresh);
  expect_equal(before, fresh.read());

  SUBCASE("a document that is damaged is refused") {
    std::fstream file(dir.path() / "network");
    file.seekp(1000);
    file.put('\xff');
    file.close();
    CHECK_FALSE(NetState::load(dir.path() / "network").has_value());
  }
}

TEST_CASE("a link that no kernel makes alone is an obstacle") {
  if (geteuid() != 0) {
    ISSU_SKIP("root is needed for a network namespace");
  }
  const Space here("a");
  const Space there("b");
  here.ip("link add dev v0 type veth peer name v1 netns issu-net-b" + std::to_string(::getpid()) +
          "\n");
  const NetState state = here.read();
  const auto found = state.obstacles();
  REQUIRE(found.size() == 1);
  CHECK(found.front().find("v0") != std::string::npos);
}
