#include "issu/slot_store.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include "issu/base/file.hpp"
#include "tests/issu/small_disk.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

namespace issu {
namespace {

TEST_CASE("active slot and images are kept") {
  const tests::TempDir dir;
  const SlotStore store(dir.path());
  CHECK_FALSE(*store.active());
  REQUIRE(store.set_active({backends::Slot::b, 9}));
  CHECK((*store.active())->slot == backends::Slot::b);
  CHECK((*store.active())->epoch == 9);
  REQUIRE(make_dirs(store.slot_dir(backends::Slot::a)));
  REQUIRE(store.set_image(backends::Slot::a, {"10.3", "frr", "rootfs", "abc"}));
  CHECK((*store.image(backends::Slot::a))->version == "10.3");
  REQUIRE(store.clear(backends::Slot::a));
  CHECK_FALSE(*store.image(backends::Slot::a));
}

TEST_CASE("an unreadable state file needs a person") {
  const tests::TempDir dir;
  const SlotStore store(dir.path());
  REQUIRE(write_file_atomic(dir / "active.json", "{torn"));
  CHECK(store.active().error().kind() == ErrorKind::needs_person);
}

TEST_CASE("bundles move next to current to previous, also when it is repeated") {
  const tests::TempDir dir;
  const SlotStore store(dir.path());
  for (const char* text : {"one", "two", "three"}) {
    REQUIRE(write_file_atomic(dir / "bundle", text));
    REQUIRE(store.keep_next(dir / "bundle"));
    REQUIRE(store.promote_next());
    REQUIRE(store.promote_next());
  }
  CHECK(*read_file(store.current_bundle()) == "three");
  CHECK(*read_file(store.previous_bundle()) == "two");
  CHECK_FALSE(std::filesystem::exists(store.next_bundle()));
}

TEST_CASE("a bundle that all can read is kept for root alone") {
  const tests::TempDir dir;
  const SlotStore store(dir.path());
  REQUIRE(write_file_atomic(dir / "bundle", "one", 0644));
  REQUIRE(store.keep_next(dir / "bundle"));
  using std::filesystem::perms;
  CHECK(std::filesystem::status(store.next_bundle()).permissions() ==
        (perms::owner_read | perms::owner_write));
}

TEST_CASE("a payload goes to the backend only as it was verified") {
  const tests::TempDir dir;
  const SlotStore store(dir.path());
  const auto slot = backends::Slot::a;
  REQUIRE(make_dirs(store.slot_dir(slot)));
  REQUIRE(write_file_atomic(store.payload(slot), "abc"));
  SlotImage image{"1", "frr", "disk",
                  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"};
  REQUIRE(store.verified(slot, image));
  CHECK(store.verified(slot, image)->file == store.payload(slot));
  CHECK(store.verified(slot, image)->kernel.empty());

  image.kernel = "6.1";
  image.kernel_sha256 = image.sha256;
  CHECK_FALSE(store.verified(slot, image));  // it is not there
  REQUIRE(write_file_atomic(store.kernel(slot), "abc"));
  CHECK(store.verified(slot, image)->kernel == store.kernel(slot));
  REQUIRE(write_file_atomic(store.kernel(slot), "abd"));
  CHECK(store.verified(slot, image).error().kind() == ErrorKind::needs_person);

  image.kernel.clear();
  REQUIRE(write_file_atomic(store.payload(slot), "abcd"));
  CHECK_FALSE(store.verified(slot, image));
  // Not what a link points to: it could point elsewhere a moment later.
  REQUIRE(write_file_atomic(dir / "elsewhere", "abc"));
  std::filesystem::remove(store.payload(slot));
  std::filesystem::create_symlink(dir / "elsewhere", store.payload(slot));
  CHECK_FALSE(store.verified(slot, image));
}

TEST_CASE("a crash between the two renames of a promotion is made good") {
  const tests::TempDir dir;
  const SlotStore store(dir.path());
  REQUIRE(write_file_atomic(store.previous_bundle(), "old"));
  REQUIRE(write_file_atomic(store.next_bundle(), "new"));
  REQUIRE(store.promote_next());
  CHECK(*read_file(store.current_bundle()) == "new");
  CHECK(*read_file(store.previous_bundle()) == "old");
}

TEST_CASE("the previous bundle can be brought in again") {
  const tests::TempDir dir;
  const SlotStore store(dir.path());
  REQUIRE(write_file_atomic(store.current_bundle(), "b"));
  REQUIRE(write_file_atomic(store.previous_bundle(), "a"));
  REQUIRE(store.keep_next(store.previous_bundle()));
  REQUIRE(store.promote_next());
  CHECK(*read_file(store.current_bundle()) == "a");
  CHECK(*read_file(store.previous_bundle()) == "b");
}

TEST_CASE("a request finds room on a disk that got full in an upgrade") {
  if (::geteuid() != 0) {
    ISSU_SKIP("only root can mount a small disk");
  }
  const tests::TempDir dir;
  tests::SmallDisk disk(dir / "small");
  const SlotStore store(dir / "small");
  disk.fill();
  const auto refused = store.ask("accept");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind() == ErrorKind::refused);
  CHECK(refused.error().message().find("goes on as if nobody had asked") != std::string::npos);
  std::filesystem::remove(dir / "small" / "filler");
  REQUIRE(store.keep_reserve());
  disk.fill();
  REQUIRE(store.ask("accept"));
  CHECK(*read_file(store.request()) == "accept\n");
  store.free_reserve();
  CHECK_FALSE(std::filesystem::exists(dir / "small" / "request.reserve"));
}

TEST_CASE("the lock is for one at a time") {
  const tests::TempDir dir;
  const SlotStore store(dir.path());
  CHECK_FALSE(store.is_locked());
  {
    const auto lock = store.lock();
    REQUIRE(lock);
    CHECK(store.is_locked());
    const auto second = store.lock();
    REQUIRE_FALSE(second);
    CHECK(second.error().kind() == ErrorKind::refused);
  }
  CHECK_FALSE(store.is_locked());
}

}  // namespace
}  // namespace issu
