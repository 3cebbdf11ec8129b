#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "issu/base/child.hpp"
#include "issu/base/result.hpp"
#include "state-sync/fib_server.hpp"
#include "state-sync/fib_state.hpp"

namespace issu::state_sync {

/// Speaks to the tracker of a folder. Each call is one connection.
class FibClient {
 public:
  explicit FibClient(FibFiles files) : files_(std::move(files)) {}

  /// The process that answers there; pid 0 when none does.
  [[nodiscard]] ProcessId server() const;
  /// Whether a tracker lives in the folder; it may not answer yet.
  [[nodiscard]] bool is_served() const;
  /// Sends one request line (without its end) and what follows it; waits for the answer.
  Result<FibState> ask(const std::string& line, const std::vector<Prefix>& prefixes = {}) const;

 private:
  FibFiles files_;
};

}  // namespace issu::state_sync
