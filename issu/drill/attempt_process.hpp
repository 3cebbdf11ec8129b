#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"
#include "issu/drill/outcome.hpp"

namespace issu::drill {

using Say = std::function<void(const std::string&)>;

/// One attempt at a drill in a process of its own: a lab has its process' id in its name, so that
/// several stand beside each other, and one that dies is a failed drill and not the end of all.
///
/// It is a fork of this process, which has no other thread. When this process ends without ending
/// it, it gets SIGTERM and takes its lab away.
class AttemptProcess {
 public:
  using Play = std::function<DrillOutcome(const Say& say)>;

  /// `play` is called in the new process; what is said there, to its `say` or to a standard output,
  /// comes here to `say` by whole lines.
  static Result<AttemptProcess> start(const Play& play, Say say);

  AttemptProcess(AttemptProcess&& other) noexcept;
  AttemptProcess& operator=(AttemptProcess&& other) noexcept;
  AttemptProcess(const AttemptProcess&) = delete;
  AttemptProcess& operator=(const AttemptProcess&) = delete;
  /// Ends it (SIGTERM, time to take its lab away, SIGKILL).
  ~AttemptProcess();

  /// Passes on what it has said since; whether it has ended.
  bool poll();
  /// Asks it to take its lab away and end.
  void stop();
  /// What came of it. Errors: it was killed, or ended without a word. Call it after its end.
  [[nodiscard]] Result<DrillOutcome> outcome() const;

 private:
  AttemptProcess(pid_t pid, Fd lines, Fd result, Say say)
      : pid_(pid), lines_(std::move(lines)), result_(std::move(result)), say_(std::move(say)) {}
  void pass_lines_on();
  void end();

  pid_t pid_ = -1;
  Fd lines_;   ///< a pipe, its reading end
  Fd result_;  ///< a file in memory that both have
  Say say_;
  std::string begun_;  ///< a line without its end
  bool ended_ = false;
  int status_ = 0;  ///< of waitpid
};

}  // namespace issu::drill
