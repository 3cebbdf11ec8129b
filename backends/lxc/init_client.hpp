#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "issu/base/result.hpp"
#include "issu/init/answers.hpp"

namespace issu::backends::lxc {

using init::InitDaemon;
using init::InitStatus;

/// Speaks to the container's process 1 over its control socket (issu/init/control.hpp). Each call
/// is a connection of its own.
class InitClient {
 public:
  explicit InitClient(std::filesystem::path socket) : socket_(std::move(socket)) {}

  /// Starts the daemons; the time that it took until all answered, milliseconds.
  Result<double> start(std::chrono::milliseconds timeout);
  Result<void> kill(std::chrono::milliseconds timeout);
  Result<InitStatus> status(std::chrono::milliseconds timeout);
  Result<void> quit(std::chrono::milliseconds timeout);

 private:
  Result<std::string> ask(const std::string& command, std::chrono::milliseconds timeout);

  std::filesystem::path socket_;
};

}  // namespace issu::backends::lxc
