#include "issu/base/netns.hpp"

#include <doctest/doctest.h>
#include <net/if.h>
#include <sys/stat.h>
#include <unistd.h>

#include "issu/base/child.hpp"
#include "tests/skip.hpp"

using issu::NetNs;

namespace {

ino_t network_of_this_thread() {
  struct stat status {};
  return ::stat("/proc/thread-self/ns/net", &status) == 0 ? status.st_ino : 0;
}

std::string own_name() {
  return "issu-test-" + std::to_string(::getpid());
}

/// Takes the namespace away, also when a check failed.
struct Removal {
  ~Removal() { static_cast<void>(NetNs::remove(own_name())); }
};

}  // namespace

TEST_CASE("a namespace is made with its loopback up, entered and taken away") {
  if (geteuid() != 0) {
    ISSU_SKIP("root is needed for a network namespace");
  }
  const std::string name = own_name();
  const Removal removal;
  CHECK_FALSE(NetNs::exists(name));
  REQUIRE(NetNs::create(name).has_value());
  CHECK(NetNs::exists(name));
  CHECK(NetNs::create(name).has_value());

  const ino_t ours = network_of_this_thread();
  ino_t inside = 0;
  const auto entered = NetNs::inside(NetNs::path_of(name), [&]() -> issu::Result<void> {
    inside = network_of_this_thread();
    return {};
  });
  CHECK(entered.has_value());
  CHECK(inside != 0);
  CHECK(inside != ours);
  CHECK(network_of_this_thread() == ours);

  issu::RunOptions options;
  options.netns = NetNs::path_of(name);
  const auto links = issu::run({"ip", "-brief", "link"}, options);
  REQUIRE(links.has_value());
  CHECK(links->out.starts_with("lo "));
  CHECK(links->out.find("LOWER_UP") != std::string::npos);

  CHECK(NetNs::remove(name).has_value());
  CHECK_FALSE(NetNs::exists(name));
  CHECK(NetNs::remove(name).has_value());
}

TEST_CASE("an error inside comes out; what is no namespace can't be entered") {
  if (geteuid() != 0) {
    ISSU_SKIP("root is needed for a network namespace");
  }
  const auto failed = NetNs::inside(
      "/proc/self/ns/net", []() -> issu::Result<void> { return issu::fail("told from inside"); });
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().what() == "told from inside");
  const auto nothing = []() -> issu::Result<void> { return {}; };
  CHECK_FALSE(NetNs::inside("/run/netns/issu-none", nothing).has_value());
  CHECK_FALSE(NetNs::inside("/etc/passwd", nothing).has_value());
  CHECK_FALSE(NetNs::exists("../../etc/passwd"));
}

TEST_CASE("a process started in it lives in it, and outlives its name") {
  if (geteuid() != 0) {
    ISSU_SKIP("root is needed for a network namespace");
  }
  const Removal removal;
  REQUIRE(NetNs::create(own_name()).has_value());
  issu::SpawnOptions options;
  options.netns = NetNs::path_of(own_name());
  const auto process = issu::spawn_detached({"sleep", "60"}, options);
  REQUIRE(process.has_value());
  struct stat inside {};
  const std::string link = "/proc/" + std::to_string(process->pid) + "/ns/net";
  CHECK(::stat(link.c_str(), &inside) == 0);
  CHECK(inside.st_ino != network_of_this_thread());
  CHECK(NetNs::remove(own_name()).has_value());
  CHECK(issu::is_alive(*process));
  CHECK(issu::end_process(*process, std::chrono::seconds(5)).has_value());
}
