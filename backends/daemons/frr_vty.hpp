#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "backends/daemons/unix_stream.hpp"
#include "issu/base/result.hpp"

namespace issu::backends {

/// Asks one FRR daemon over its vty unix socket, the way vtysh does, without vtysh.
///
/// The connection is made at the first question and kept; after an error it is closed and the
/// next question makes a new one, so one object can follow a daemon across its restarts. Not for
/// two threads at a time.
class FrrVty {
 public:
  /// `socket`: for example /run/frr/bgpd.vty
  explicit FrrVty(std::filesystem::path socket) : socket_(std::move(socket)) {}

  /// Gives back what the daemon printed. A command that it does not know, no answer within
  /// `timeout` and an answer of more than `limit` bytes are errors.
  Result<std::string> ask(std::string_view command,
                          std::chrono::milliseconds timeout = std::chrono::seconds(2),
                          std::size_t limit = 64U << 20U);

  [[nodiscard]] const std::filesystem::path& socket() const { return socket_; }

 private:
  Result<std::string> exchange(std::string_view command, const Deadline& deadline,
                               std::size_t limit);

  std::filesystem::path socket_;
  std::optional<UnixStream> stream_;
};

}  // namespace issu::backends
