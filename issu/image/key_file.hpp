#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "issu/base/result.hpp"

namespace issu::image {

/// One "key=value" line of a manifest.
struct KeyLine {
  std::string key;
  std::string value;  ///< escapes resolved
  int line = 0;       ///< 1 is the first
};

/// One "[name]" section with its lines, in order.
struct KeySection {
  std::string name;
  int line = 0;
  std::vector<KeyLine> lines;
  /// The line of this key, or a null pointer.
  [[nodiscard]] const KeyLine* find(std::string_view key) const;
};

/// A text in the key file format that manifests have: sections, "key=value", '#' comments,
/// values with the escapes \s \n \t \r and \\.
struct KeyFile {
  std::vector<KeySection> sections;
  [[nodiscard]] const KeySection* find(std::string_view name) const;
};

/// Reads a key file. Everything that is not of the format, and every section or key that comes
/// twice, is told at once as "NAME:LINE: …".
Result<KeyFile> read_key_file(std::string_view text, const std::string& name);

/// A value with what would be lost or misread escaped.
[[nodiscard]] std::string escape_value(std::string_view value);

}  // namespace issu::image
