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

/// Asks BIRD over its control socket, the way birdc does, without birdc.
///
/// The connection is made at the first question and kept; after an error it is closed and the
/// next question makes a new one. Not for two threads at a time.
class BirdCtl {
 public:
  explicit BirdCtl(std::filesystem::path socket) : socket_(std::move(socket)) {}

  /// Gives back BIRD's lines without their reply codes, as birdc prints them. A reply code of
  /// 8000 or more (BIRD could not do it, or did not understand), no answer within `timeout` and
  /// an answer of more than `limit` bytes are errors.
  Result<std::string> ask(std::string_view command,
                          std::chrono::milliseconds timeout = std::chrono::seconds(2),
                          std::size_t limit = 256U << 20U);

  /// The version that BIRD greets with, for example "2.0.12"; empty before the first answer.
  [[nodiscard]] const std::string& version() const { return version_; }
  [[nodiscard]] const std::filesystem::path& socket() const { return socket_; }

 private:
  Result<std::string> read_reply(const Deadline& deadline, std::size_t limit);

  std::filesystem::path socket_;
  std::optional<UnixStream> stream_;
  std::string version_;
};

}  // namespace issu::backends
