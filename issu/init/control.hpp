#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"
#include "issu/init/supervisor.hpp"

namespace issu::init {

/// The unix socket on which the host speaks to process 1. One command a connection, one line:
///
///     start    "ok MILLISECONDS" once every daemon answers, or "error WHY" once one cannot
///     kill     "ok" once no process but process 1 is left
///     status   "held", "starting" or "active", then one line a daemon (Supervisor::report)
///     quit     "ok", then everything ends
class Control {
 public:
  /// Replaces a socket that an earlier life left at `path`.
  static Result<Control> listen(const std::filesystem::path& path);

  /// Descriptors to watch for input.
  [[nodiscard]] std::vector<int> watched() const;
  /// Takes connections and commands that are there; false once told to quit.
  bool serve(Supervisor& supervisor);
  /// Answers those who wait for a start to end.
  void answer_starts(const Supervisor& supervisor);

 private:
  struct Client {
    Fd fd;
    std::string received{};
    bool waits_for_start = false;
  };
  explicit Control(Fd listener) : listener_(std::move(listener)) {}
  bool obey(Client& client, Supervisor& supervisor);

  Fd listener_;
  std::vector<Client> clients_;
};

}  // namespace issu::init
