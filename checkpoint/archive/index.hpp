#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/archive/manifest.hpp"
#include "issu/base/result.hpp"

namespace issu::archive {

/// A file or a folder in an archive.
struct Entry {
  std::string name;  ///< "images/core-1.img"; a folder comes before what is in it
  bool folder = false;
  std::uint64_t bytes = 0;
};

/// The first thing in an archive's plain text: what it is, and what follows in which order.
struct Index {
  Manifest manifest;
  std::vector<Entry> entries;

  [[nodiscard]] std::uint64_t bytes() const;
};

constexpr std::size_t index_size_bytes = 8;  ///< little-endian, in front of the index
constexpr std::uint64_t most_index_bytes = std::uint64_t{8} << 20U;
constexpr std::size_t most_entries = 16384;

/// Whether an entry may be called so: a relative name of 1 to 8 parts, each of 1 to 255 printable
/// ASCII characters, none "." or "..".
Result<void> check_name(std::string_view name);

[[nodiscard]] std::string encode_index(const Index& index);
/// Refuses names that lead elsewhere or come twice, files without their folder, and sizes that do
/// not add up to `content_bytes`: what lies behind the index.
Result<Index> decode_index(std::string_view text, std::uint64_t content_bytes);

}  // namespace issu::archive
