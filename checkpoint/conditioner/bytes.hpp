#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "checkpoint/conditioner/secret.hpp"

namespace issu::checkpoint::conditioner {

/// Numbers little-endian, texts and bytes behind their length (16 bits).
class ByteWriter {
 public:
  template <std::unsigned_integral T>
  void number(T value) {
    for (std::size_t byte = 0; byte < sizeof(T); ++byte) {
      bytes_.push_back(static_cast<std::byte>(value >> (8 * byte)));
    }
  }
  void raw(std::span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void sized(std::span<const std::byte> bytes) {
    number(static_cast<std::uint16_t>(bytes.size()));
    raw(bytes);
  }
  void text(std::string_view text) { sized(std::as_bytes(std::span(text))); }
  [[nodiscard]] const SecretBytes& bytes() const { return bytes_; }

 private:
  SecretBytes bytes_;
};

/// Reads what `ByteWriter` wrote. Beyond the end everything is 0 and empty, and `good` says no.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : left_(bytes) {}
  template <std::unsigned_integral T>
  T number() {
    T value = 0;
    const auto bytes = raw(sizeof(T));
    for (std::size_t byte = 0; byte < bytes.size(); ++byte) {
      value = static_cast<T>(value | static_cast<T>(static_cast<T>(bytes[byte]) << (8 * byte)));
    }
    return value;
  }
  std::span<const std::byte> raw(std::size_t count) {
    if (count > left_.size()) {
      good_ = false;
      left_ = {};
      return {};
    }
    const auto bytes = left_.first(count);
    left_ = left_.subspan(count);
    return bytes;
  }
  std::span<const std::byte> sized() { return raw(number<std::uint16_t>()); }
  std::string text() {
    const auto bytes = sized();
    return bytes.empty()
               ? std::string()
               : std::string(static_cast<const char*>(static_cast<const void*>(bytes.data())),
                             bytes.size());
  }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool at_end() const { return left_.empty(); }

 private:
  std::span<const std::byte> left_;
  bool good_ = true;
};

}  // namespace issu::checkpoint::conditioner
