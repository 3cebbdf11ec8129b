#pragma once

#include <string>

#include "issu/base/fd.hpp"

namespace issu::init {

/// Finds out whether a daemon answers on its unix socket, without ever waiting for it. One
/// connection is held open until the answer comes: a daemon that is busy starting is asked once.
class Readiness {
 public:
  Readiness(std::string socket, std::string question)
      : socket_(std::move(socket)), question_(std::move(question)) {}

  /// Goes one step on; true once the daemon has said at least one byte.
  bool poll_once();

 private:
  bool connect_and_ask();

  std::string socket_;
  std::string question_;
  Fd connection_;
};

}  // namespace issu::init
