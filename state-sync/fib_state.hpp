#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "issu/base/result.hpp"
#include "state-sync/prefix.hpp"
#include "state-sync/stale_table.hpp"

namespace issu::state_sync {

/// What a tracker says of the current epoch.
struct FibState {
  std::uint64_t epoch = 0;  ///< 0: none yet
  bool holding = false;
  bool complete = false;  ///< no change was missed since `hold`
  StaleCounts counts;
  double quiet_s = 0;
  std::vector<Prefix> stale_sample;
};

/// One line of JSON, without its end of line.
[[nodiscard]] std::string to_json(const FibState& state);
Result<FibState> fib_state_from_json(const std::string& text);

/// The state as the last tracker left it in its file; epoch 0 when there is no file. `complete`
/// is kept only for an epoch that was released: one that is open has lost its tracker.
Result<FibState> load_fib_state(const std::filesystem::path& file);

/// The same, and an epoch that is still open is closed in the file: nobody tracks it any more.
Result<FibState> close_fib_state(const std::filesystem::path& file);

/// A tracker's answer: the state, or the error.
[[nodiscard]] std::string answer_line(const Result<FibState>& result);
Result<FibState> read_answer(const std::string& line);

}  // namespace issu::state_sync
