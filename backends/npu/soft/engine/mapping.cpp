#include "backends/npu/soft/engine/mapping.hpp"

#include <sys/mman.h>

#include <utility>

namespace issu::backends::soft {

Mapping::Mapping(Mapping&& other) noexcept
    : start_(std::exchange(other.start_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(start_, other.start_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Mapping::~Mapping() {
  if (start_ != nullptr) {
    ::munmap(start_, bytes_);
  }
}

}  // namespace issu::backends::soft
