#pragma once

#include <filesystem>

#include "issu/base/result.hpp"

namespace issu::state_sync {

/// Where a tracker's files are, all in one folder.
struct FibFiles {
  std::filesystem::path folder;
  [[nodiscard]] std::filesystem::path socket() const { return folder / "fibwatch.sock"; }
  [[nodiscard]] std::filesystem::path lock() const { return folder / "fibwatch.lock"; }
  [[nodiscard]] std::filesystem::path epoch() const { return folder / "fibwatch.epoch"; }
  [[nodiscard]] std::filesystem::path log() const { return folder / "fibwatch.log"; }
};

struct FibServerOptions {
  FibFiles files;
  /// The name of the network namespace that is watched (a file); when it is gone or names another
  /// namespace, the server ends.
  std::filesystem::path netns;
  int buffer_bytes = 256 << 20;  ///< of the notification socket
};

/// Watches the routes of the current network namespace and answers on a unix socket (0600) until
/// it is released or the namespace is gone. One server a folder: a second one is refused.
///
/// A request is a line: `state`, `hold EPOCH`, `refresh EPOCH COUNT` followed by COUNT lines of a
/// prefix each, `sweep EPOCH`, `release` (gives the last state and ends the server). The answer is
/// one line of JSON (`read_answer` in fib_state.hpp).
Result<void> serve_fib(const FibServerOptions& options);

}  // namespace issu::state_sync
