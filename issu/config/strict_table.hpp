#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "issu/base/result.hpp"
#include "issu/config/toml_reader.hpp"

namespace issu::config {

/// Collects everything that is wrong with one file, to be told at once.
class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  /// `line` 0: the file as a whole. `key` may be empty. `hint` says what to do.
  void add(unsigned line, const std::string& key, const std::string& what, std::string hint);
  [[nodiscard]] bool none() const { return problems_.empty(); }
  /// All of them in the order of the file as one error (ErrorKind::refused).
  [[nodiscard]] Result<void> result() const;

 private:
  struct Problem {
    unsigned line;
    std::string what;
    std::string hint;
  };
  std::string file_;
  std::vector<Problem> problems_;
};

/// The closest of `choices` to `word` when it is close enough to be a slip, else empty.
[[nodiscard]] std::string closest(std::string_view word, const std::vector<std::string>& choices);
/// "did you mean \"x\"?", or "one of: …"
[[nodiscard]] std::string suggestion(std::string_view word,
                                     const std::vector<std::string>& choices);

/// Range of a number, both ends included.
struct Range {
  double least = std::numeric_limits<double>::lowest();
  double most = std::numeric_limits<double>::max();
};

/// Reads one table key by key and tells what is wrong with it: each getter remembers its key as
/// known; `finish` refuses those that nobody asked for. A getter with `fallback` is for a key that
/// may be missing, one with `required` in its name tells when it is. Both the table and the
/// problems must outlive the reader.
class StrictTable {
 public:
  /// `path` stands before the keys in messages: "router", "port[2]", empty for the document.
  StrictTable(const TomlValue& table, std::string path, Problems& problems)
      : table_(&table), path_(std::move(path)), problems_(&problems) {}

  [[nodiscard]] bool has(const std::string& key);
  std::string text(const std::string& key, std::string fallback = {});
  std::string required_text(const std::string& key);
  /// A text that is one of `choices`; empty (and told) when it is another.
  std::string choice(const std::string& key, const std::vector<std::string>& choices,
                     std::string fallback);
  std::string required_choice(const std::string& key, const std::vector<std::string>& choices);
  double number(const std::string& key, Range range, double fallback);
  std::int64_t integer(const std::string& key, Range range, std::int64_t fallback);
  bool boolean(const std::string& key, bool fallback);
  std::vector<std::string> texts(const std::string& key);
  /// The table under `key`, no value when it is missing (told when `required`).
  std::optional<StrictTable> table(const std::string& key, bool required = false);
  /// The tables of `[[key]]` or of a list of inline tables.
  std::vector<StrictTable> tables(const std::string& key);
  /// The value as it stands; nullptr when it is missing.
  const TomlValue* value(const std::string& key);

  /// Tells a problem with a key of this table (with the table when the key is missing or empty).
  void refuse(const std::string& key, const std::string& what, std::string hint);
  /// "port[2].name"
  [[nodiscard]] std::string path_of(const std::string& key) const;
  [[nodiscard]] unsigned line_of(const std::string& key) const;
  /// Tells every key that no getter asked for.
  void finish();

 private:
  const TomlValue* of_kind(const std::string& key, TomlValue::Kind kind, const char* wanted);
  bool in_range(const std::string& key, double value, Range range);
  const TomlValue* table_;
  std::string path_;
  Problems* problems_;
  std::vector<std::string> known_;
};

}  // namespace issu::config
