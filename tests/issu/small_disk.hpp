#pragma once

#include <doctest/doctest.h>
#include <sys/mount.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "issu/base/file.hpp"

namespace issu::tests {

/// A filesystem of its own, of 4 MiB; only for root.
class SmallDisk {
 public:
  explicit SmallDisk(const std::filesystem::path& where) : where_(where) {
    REQUIRE(make_dirs(where));
    REQUIRE(::mount("small", where.c_str(), "tmpfs", 0, "size=4m") == 0);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() { ::umount2(where_.c_str(), MNT_DETACH); }

  void fill() {
    std::ofstream file(where_ / "filler");
    const std::string page(4096, 'x');
    while (file.write(page.data(), static_cast<std::streamsize>(page.size())).flush()) {
    }
  }
  void leave(std::uint64_t bytes) {
    fill();
    const auto file = where_ / "filler";
    std::filesystem::resize_file(file, std::filesystem::file_size(file) / 4096 * 4096 - bytes);
  }

 private:
  std::filesystem::path where_;
};

}  // namespace issu::tests
