#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu {

/// A function in a child process: what it waits for can be ended with it. It ends when we do,
/// however we end (SIGKILL), and at the end of this object's life.
class Worker {
 public:
  /// Forks without exec: for a program that has a single thread. What `work` gives back is the exit
  /// code.
  static Result<Worker> start(const std::function<int()>& work);

  Worker(Worker&& other) noexcept;
  Worker& operator=(Worker&&) = delete;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Its exit code, 128 + signal where a signal ended it, once it has ended; waits for that, at the
  /// most for `time`.
  std::optional<int> wait(std::chrono::milliseconds time);
  /// SIGKILL, then waits; false where it has not ended within `time`: it stands in the kernel. It
  /// does nothing of its own any more then.
  bool kill(std::chrono::milliseconds time);

 private:
  explicit Worker(pid_t pid);
  pid_t pid_ = -1;
  Fd ends_;  ///< readable once it has ended
  std::optional<int> status_;
};

}  // namespace issu
