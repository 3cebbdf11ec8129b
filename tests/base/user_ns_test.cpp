#include "issu/base/user_ns.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"
#include "issu/base/id_map.hpp"
#include "issu/base/netns.hpp"
#include "tests/base/temp_dir.hpp"
#include "tests/skip.hpp"

using namespace issu;

namespace {

constexpr std::uint32_t first = 11 * 65536;

uid_t owner_of(const std::filesystem::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_uid : ~0U;
}

/// Takes a kept namespace away, also when a check failed.
struct Removal {
  std::filesystem::path path;
  ~Removal() { static_cast<void>(forget_ns(path)); }
};

}  // namespace

TEST_CASE("a user namespace is kept with its ids, owns what was made in it, and is taken away") {
  if (geteuid() != 0) {
    ISSU_SKIP("root is needed to map 65,536 ids");
  }
  const TempDir folder;
  const Removal user{folder.path() / "user"};
  CHECK_FALSE(UserNs::exists(user.path));
  const auto made = UserNs::create(user.path, first);
  REQUIRE_MESSAGE(made.has_value(), made.error().message());
  CHECK(UserNs::exists(user.path));
  CHECK(UserNs::first_id(user.path).value() == first);
  CHECK(UserNs::create(user.path, first).has_value());
  CHECK_FALSE(UserNs::create(user.path, first + 65536).has_value());

  const std::string name = "issu-test-u" + std::to_string(::getpid());
  const Removal net{NetNs::path_of(name)};
  REQUIRE(NetNs::create(name, user.path).has_value());
  CHECK(UserNs::owns(user.path, net.path).value());
  CHECK_FALSE(UserNs::owns(user.path, "/proc/self/ns/net").value());
  CHECK(NetNs::create(name, user.path).has_value());

  CHECK(UserNs::remove(user.path).has_value());
  CHECK(UserNs::remove(user.path).has_value());
  CHECK_FALSE(std::filesystem::exists(user.path));
}

TEST_CASE("a network namespace of somebody else is not taken for one's own") {
  if (geteuid() != 0) {
    ISSU_SKIP("root is needed to map 65,536 ids");
  }
  const TempDir folder;
  const Removal user{folder.path() / "user"};
  const std::string name = "issu-test-v" + std::to_string(::getpid());
  const Removal net{NetNs::path_of(name)};
  REQUIRE(UserNs::create(user.path, first).has_value());
  REQUIRE(NetNs::create(name).has_value());
  CHECK_FALSE(NetNs::create(name, user.path).has_value());
}

TEST_CASE("the root of a user namespace rules over the network namespace inside it") {
  if (geteuid() != 0) {
    ISSU_SKIP("root is needed to map 65,536 ids");
  }
  const auto both = UserNs::temporary(first, true);
  REQUIRE_MESSAGE(both.has_value(), both.error().message());
  CHECK(UserNs::owns(both->ns("user"), both->ns("net")).value());
}

TEST_CASE("a tree is given to the users of a range and back, links as links") {
  if (geteuid() != 0) {
    ISSU_SKIP("root is needed to give files away");
  }
  const TempDir folder;
  const auto tree = folder.path() / "tree";
  REQUIRE(make_dirs(tree / "inner").has_value());
  REQUIRE(write_file_atomic(folder.path() / "outside", "x").has_value());
  REQUIRE(write_file_atomic(tree / "inner/file", "x").has_value());
  REQUIRE(::chown((tree / "inner/file").c_str(), 7, 8) == 0);
  std::filesystem::create_symlink(folder.path() / "outside", tree / "link");
  for (int time = 0; time < 2; ++time) {
    REQUIRE(shift_owners(tree, first).has_value());
    CHECK(owner_of(tree) == first);
    CHECK(owner_of(tree / "inner/file") == first + 7);
    CHECK(owner_of(tree / "link") == first);
    CHECK(owner_of(folder.path() / "outside") == 0);
  }
  REQUIRE(shift_owners(tree, 0).has_value());
  CHECK(owner_of(tree / "inner/file") == 7);
  CHECK(owner_of(tree) == 0);
}

TEST_CASE("a file system that can't show mapped ids is told") {
  if (geteuid() != 0) {
    ISSU_SKIP("root is needed to map 65,536 ids");
  }
  const auto user = UserNs::temporary(first);
  REQUIRE(user.has_value());
  const auto refused = try_map_ids("/proc", user->ns("user"));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message().find("/proc") != std::string::npos);
}
