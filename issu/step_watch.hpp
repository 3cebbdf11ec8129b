#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "issu/config/router_config.hpp"
#include "issu/journal.hpp"

namespace issu {

/// How long the coordinator may take from a journal's last record to the next one: the deadline of
/// the phase whose step or undo that record begins, with the timers that it waits for on top.
[[nodiscard]] std::chrono::nanoseconds time_allowed(const Records& records,
                                                    const config::RouterConfig& config);

/// Whether a step hangs, as somebody sees it who reads its journal from outside.
class StepWatch {
 public:
  /// `config` outlives it.
  explicit StepWatch(const config::RouterConfig& config) : config_(&config) {}

  /// A look at the journal at `now`. True when nothing was written for longer than is allowed. Time
  /// counts for a second at the most between two looks: who was stopped itself has seen nothing.
  [[nodiscard]] bool overdue(const Records& records, MonoNs now);

 private:
  const config::RouterConfig* config_;
  std::size_t records_ = 0;
  MonoNs looked_at_ = 0;  ///< 0: never
  MonoNs stood_ = 0;      ///< since the last record
};

/// Writes into the journal that the step which its last record begins was ended because it hung:
/// from there on it has failed (`decide`). Nobody else writes the journal any more. False where no
/// step was begun: there is nothing to write.
Result<bool> note_hang(const std::filesystem::path& journal, const config::RouterConfig& config);

}  // namespace issu
