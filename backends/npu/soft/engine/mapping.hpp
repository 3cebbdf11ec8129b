#pragma once

#include <cstddef>
#include <cstdint>

namespace issu::backends::soft {

/// A mapping of memory that is unmapped at the end of its life.
class Mapping {
 public:
  Mapping() = default;
  Mapping(void* start, std::size_t bytes) : start_(start), bytes_(bytes) {}
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  [[nodiscard]] std::uint8_t* data() const { return static_cast<std::uint8_t*>(start_); }

 private:
  void* start_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace issu::backends::soft
