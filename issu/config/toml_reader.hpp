#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "issu/base/result.hpp"

namespace issu::config {

struct TomlMember;

/// One value of a TOML document with the line that it stands on: plain data, no parser behind it.
struct TomlValue {
  enum class Kind { text, integer, number, boolean, array, table, other };

  Kind kind = Kind::other;
  unsigned line = 0;  ///< counted from 1; of a table its header, 0 for the document itself
  std::string text;
  std::int64_t integer = 0;
  double number = 0;  ///< of an integer too
  bool boolean = false;
  std::vector<TomlValue> items;     ///< of an array
  std::vector<TomlMember> members;  ///< of a table, in the order of the file

  /// "a text", "a whole number", …
  [[nodiscard]] std::string kind_name() const;
  /// The member of that name, nullptr when there is none.
  [[nodiscard]] const TomlMember* find(std::string_view key) const;
};

/// A key of a table with its value.
struct TomlMember {
  std::string key;
  unsigned line = 0;
  TomlValue value;
};

/// Parses a TOML document; `name` stands in the messages ("edge1.toml"). A syntax error names
/// file and line (ErrorKind::refused). Lines over 4096 bytes are refused.
Result<TomlValue> parse_toml(std::string_view text, const std::string& name);

/// The same from a file of at most 1 MiB.
Result<TomlValue> read_toml(const std::filesystem::path& file);

}  // namespace issu::config
