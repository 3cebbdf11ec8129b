#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "issu/base/clock.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"
#include "issu/phases.hpp"
#include "issu/upgrade_options.hpp"

namespace issu {

/// What a journal record says.
enum class Event {
  opened,     ///< an upgrade began; facts: its options
  begun,      ///< a phase is about to act
  done,       ///< it acted; facts: what later phases and the report need
  failed,     ///< it did not work; text: why
  undoing,    ///< the undo of a phase is about to act
  undone,     ///< it acted
  requested,  ///< a person asked; text: "accept", "abort" or "resume"
  closed,     ///< the end; text: the outcome
};

[[nodiscard]] std::string_view name_of(Event event);

struct Record {
  Event event = Event::opened;
  std::optional<Phase> phase;
  std::string text;
  nlohmann::json facts = nlohmann::json::object();
  MonoNs mono = 0;        ///< filled in by Journal::append
  std::int64_t wall = 0;  ///< likewise
};

using Records = std::vector<Record>;

/// The journal of one upgrade: an append-only file of framed records, each on disk before
/// `append` returns. docs/formats.md has the format.
///
/// A frame that a crash cut short at the end of the file is dropped when it is opened for writing
/// (its step never acted: records are synced before steps act). A damaged frame anywhere else is
/// an error that needs a person: what followed can't be trusted.
class Journal {
 public:
  /// Begins a new, empty journal; replaces the one of the last upgrade as one step.
  static Result<Journal> create(const std::filesystem::path& file);
  /// Opens the journal to go on with it.
  static Result<Journal> open(const std::filesystem::path& file);
  /// Reads without changing anything; no records when there is no file.
  static Result<Records> read(const std::filesystem::path& file);

  /// Appends and syncs. After an error the journal must not be used any further.
  Result<void> append(Record record);

  [[nodiscard]] const Records& records() const { return records_; }
  /// Called after each record that is on disk.
  void on_append(std::function<void(const Record&)> listener) { listener_ = std::move(listener); }

 private:
  Journal(std::filesystem::path file, Fd fd, Records records)
      : file_(std::move(file)), fd_(std::move(fd)), records_(std::move(records)) {}

  std::filesystem::path file_;
  Fd fd_;
  Records records_;
  std::function<void(const Record&)> listener_;
};

/// What the operator asked for; defaults when nothing was opened.
[[nodiscard]] UpgradeOptions options_of(const Records& records);

/// The facts that a phase left when it was last done; an empty object when it was not.
[[nodiscard]] nlohmann::json facts_of(const Records& records, Phase phase);

/// The same of its undo.
[[nodiscard]] nlohmann::json undone_facts_of(const Records& records, Phase phase);

}  // namespace issu
