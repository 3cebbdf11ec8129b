#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "issu/base/clock.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::backends {

/// A connected unix stream socket whose every wait ends at a deadline. Owns the socket.
class UnixStream {
 public:
  static Result<UnixStream> connect(const std::filesystem::path& path, const Deadline& deadline);

  Result<void> send(std::string_view bytes, const Deadline& deadline);
  /// Appends what has arrived to `text`, waiting for at least one byte. The other side having
  /// closed is an error.
  Result<void> receive(std::string& text, const Deadline& deadline);

 private:
  UnixStream(Fd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Result<void> wait(short events, const Deadline& deadline);

  Fd fd_;
  std::filesystem::path path_;
};

}  // namespace issu::backends
