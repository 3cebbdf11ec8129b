#pragma once

#include <chrono>
#include <filesystem>
#include <vector>

#include "backends/npu/soft/control.hpp"
#include "issu/base/child.hpp"
#include "issu/base/fd.hpp"

namespace issu::backends::soft {

/// Speaks to the npud of a folder. Each call is one connection.
class ControlClient {
 public:
  explicit ControlClient(std::filesystem::path socket) : socket_(std::move(socket)) {}

  /// The process that answers there; pid 0 when none does.
  [[nodiscard]] ProcessId server() const;
  /// Sends a request and what follows it, waits for the answer. `fds`: takes descriptors that come
  /// with it.
  Result<nlohmann::json> ask(nlohmann::json words,
                             const std::vector<state_sync::Prefix>& prefixes = {},
                             std::vector<Fd>* fds = nullptr,
                             std::chrono::seconds limit = std::chrono::seconds(120)) const;

 private:
  std::filesystem::path socket_;
};

}  // namespace issu::backends::soft
