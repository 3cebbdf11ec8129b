#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "issu/base/result.hpp"
#include "issu/report/ledger/database.hpp"
#include "issu/report/ledger/entry.hpp"

namespace issu::ledger {

/// The schema that this program writes; it refuses any other.
inline constexpr std::int64_t schema_version = 1;

/// What upgrades and drills cost: a SQLite database, docs/formats.md has its schema.
///
/// Each call that writes is one transaction. An entry is known by its router, the id of its
/// upgrade and the boot that it began under (a clock that begins anew may give an id twice):
/// written again it replaces what was there and keeps its place in the order.
class Ledger {
 public:
  /// Opens it to write; one that is not there is made (0600).
  static Result<Ledger> open(const std::filesystem::path& file);
  /// Opens one that is there, to read.
  static Result<Ledger> open_to_read(const std::filesystem::path& file);

  Result<void> add(const std::vector<Entry>& entries);
  /// Takes in what a router's history (history.jsonl) has and this ledger has not, and `entry`, if
  /// any, behind it. Only what was appended to the history since the last time is read.
  Result<void> take_in(const std::filesystem::path& history, const Entry* entry = nullptr);

  /// How many bytes of a history were taken in.
  [[nodiscard]] Result<std::uint64_t> taken_in(const std::filesystem::path& history) const;

  /// All of a router, in the order of writing; with an empty name: all.
  [[nodiscard]] Result<std::vector<Entry>> entries(const std::string& router) const;

 private:
  Ledger(Database database, std::string file, bool has_schema)
      : database_(std::move(database)), file_(std::move(file)), has_schema_(has_schema) {}
  /// Of a file that has none yet, in the first transaction that writes.
  Result<void> make_schema();
  Result<void> put(const std::vector<Entry>& entries);
  Database database_;
  std::string file_;
  bool has_schema_;
};

/// The entries of a history from `from` bytes on, and where its last whole line ends. A torn last
/// line and lines that are no documents are left out.
struct HistoryPart {
  std::vector<Entry> entries;
  std::uint64_t end = 0;
};
[[nodiscard]] Result<HistoryPart> read_history_part(const std::filesystem::path& history,
                                                    std::uint64_t from);

}  // namespace issu::ledger
