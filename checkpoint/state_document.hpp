#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "issu/base/result.hpp"

namespace issu::checkpoint {

/// Bytes that were never zeroed first: a state of 100 MB is written once, not twice.
class StateBytes {
 public:
  StateBytes() = default;
  explicit StateBytes(std::size_t size)
      : bytes_(std::make_unique_for_overwrite<std::byte[]>(size)), size_(size) {}
  [[nodiscard]] std::span<std::byte> span() { return {bytes_.get(), size_}; }
  [[nodiscard]] std::span<const std::byte> span() const { return {bytes_.get(), size_}; }
  /// To the first `size` bytes.
  void shorten(std::size_t size) { size_ = size < size_ ? size : size_; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_ = 0;
};

/// A named piece of state. The bytes belong to whoever gave them.
struct StateSection {
  std::string name;
  std::span<const std::byte> bytes;
  /// To write what lies nowhere in one piece: behind `bytes` come `more_bytes` in all, one piece a
  /// call; an empty one is the end. Small pieces (64 KiB) are still in the cache when they are
  /// copied. Not used by a document that was read.
  std::function<std::span<const std::byte>()> more = {};
  std::size_t more_bytes = 0;
};

/// State as versioned bytes: what it is (`kind`), how its sections are to be read (`schema`), the
/// sections. docs/formats.md has the format.
struct StateDocument {
  std::string kind;
  std::uint32_t schema = 0;
  std::vector<StateSection> sections;
  std::array<std::uint8_t, 16> digest{};  ///< XXH3 (128 bits) of all bytes before it

  /// Empty when there is none of this name.
  [[nodiscard]] std::span<const std::byte> section(std::string_view name) const;
};

/// The digest against damage, not against malice: archives that leave the machine are signed.
[[nodiscard]] std::string digest_text(const std::array<std::uint8_t, 16>& digest);

/// The digest that the bytes of a whole document end with.
[[nodiscard]] std::array<std::uint8_t, 16> digest_of(std::span<const std::byte> document);

/// One pass over the sections: copied and digested. An Error when `more` did not give as many bytes
/// as it said.
Result<StateBytes> encode_state(const std::string& kind, std::uint32_t schema,
                                std::span<const StateSection> sections);

/// Which documents somebody can read.
struct StateReader {
  std::string kind;
  std::uint32_t oldest = 0;
  std::uint32_t newest = 0;
};

/// Refuses what is damaged, of another kind, or of a schema that the reader does not know, each
/// with its reason. The sections point into `bytes`.
Result<StateDocument> decode_state(std::span<const std::byte> bytes, const StateReader& reader);

}  // namespace issu::checkpoint
