#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "issu/base/fd.hpp"

namespace issu::fuzz {

/// The input as a file, for what reads files.
class MemoryFile {
 public:
  MemoryFile(const std::uint8_t* data, std::size_t size)
      : fd_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    if (!fd_ || ::write(fd_.get(), data, size) != static_cast<ssize_t>(size)) {
      std::abort();
    }
  }
  [[nodiscard]] const Fd& fd() const { return fd_; }
  [[nodiscard]] std::filesystem::path path() const {
    return "/proc/self/fd/" + std::to_string(fd_.get());
  }

 private:
  Fd fd_;
};

}  // namespace issu::fuzz
