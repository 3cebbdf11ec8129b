#include "issu/base/file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "temp_dir.hpp"

namespace fs = std::filesystem;

namespace {

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

}  // namespace

TEST_CASE("a file is written whole, with its mode, and read back") {
  const TempDir folder;
  const std::string text("a\0b\n", 4);
  REQUIRE(issu::write_file_atomic(folder / "f", text));
  CHECK(issu::read_file(folder / "f").value() == text);
  CHECK(mode_of(folder / "f") == 0600);
  REQUIRE(issu::write_file_atomic(folder / "f", "new"));
  CHECK(issu::read_file(folder / "f").value() == "new");
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a write that can't be done leaves the old file") {
  const TempDir folder;
  REQUIRE(issu::write_file_atomic(folder / "f", "old"));
  // The name beside it is taken by a folder: the new text can't be written there.
  fs::create_directory(folder / "f.new");
  const auto failed = issu::write_file_atomic(folder / "f", "new");
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().message().find("f.new") != std::string::npos);
  CHECK(issu::read_file(folder / "f").value() == "old");
  CHECK_FALSE(issu::write_file_atomic(folder / "none/f", "x").has_value());
}

TEST_CASE("a link that lies in wait beside a file is not written through") {
  const TempDir dir;
  REQUIRE(issu::write_file_atomic(dir / "victim", "mine"));
  std::filesystem::create_symlink(dir / "victim", dir / "file.new");
  CHECK_FALSE(issu::write_file_atomic(dir / "file", "theirs"));
  CHECK(*issu::read_file(dir / "victim") == "mine");
}

TEST_CASE("a file beyond the limit is refused, not cut") {
  const TempDir folder;
  REQUIRE(issu::write_file_atomic(folder / "f", std::string(1000, 'x')));
  CHECK(issu::read_file(folder / "f", 1000).value().size() == 1000);
  const auto failed = issu::read_file(folder / "f", 999);
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().what().find("larger than 999") != std::string::npos);
  CHECK_FALSE(issu::read_file(folder / "none").has_value());
}

TEST_CASE("folders are made with their parents, and a file in the way is told") {
  const TempDir folder;
  REQUIRE(issu::make_dirs(folder / "a/b/c"));
  CHECK(mode_of(folder / "a/b/c") == 0700);
  CHECK(issu::make_dirs(folder / "a/b/c").has_value());
  REQUIRE(issu::write_file_atomic(folder / "f", ""));
  CHECK_FALSE(issu::make_dirs(folder / "f").has_value());
}

TEST_CASE("a tree goes with what a link in it points to left alone") {
  const TempDir folder;
  REQUIRE(issu::make_dirs(folder / "tree/sub"));
  REQUIRE(issu::write_file_atomic(folder / "kept", "x"));
  fs::create_symlink(folder / "kept", folder / "tree/sub/link");
  CHECK(issu::remove_tree(folder / "tree").has_value());
  CHECK_FALSE(fs::exists(folder / "tree"));
  CHECK(fs::exists(folder / "kept"));
  CHECK(issu::remove_tree(folder / "tree").has_value());
}
