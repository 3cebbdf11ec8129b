#pragma once

#include <string>
#include <utility>
#include <vector>

namespace issu {

/// What kind of failure it was; decides the exit code of a command.
enum class ErrorKind {
  failed,        ///< Something was tried and did not work.
  usage,         ///< The operator's words are off (exit code 2).
  refused,       ///< Not started, nothing was touched (exit code 3).
  timeout,       ///< A deadline passed.
  needs_person,  ///< Only a person can go on from here (exit code 4).
};

/// One failure: what happened, where, and what to do about it.
///
/// Each layer that passes an error on adds its own context with `within`, so that the message
/// reads from the outside in. An error can hold several reasons at once (`also`): a check that
/// refuses says everything that it found, not the first thing.
class Error {
 public:
  /// `what` names the thing and the reason; `hint` the next step, may be empty.
  explicit Error(std::string what, std::string hint = {}, ErrorKind kind = ErrorKind::failed)
      : kind_(kind), what_(std::move(what)), hint_(std::move(hint)) {}

  /// An error for a failed system call: appends the text of `error_number`.
  static Error from_errno(const std::string& what, int error_number, std::string hint = {});

  [[nodiscard]] ErrorKind kind() const { return kind_; }
  [[nodiscard]] const std::string& what() const { return what_; }
  [[nodiscard]] const std::string& hint() const { return hint_; }
  [[nodiscard]] const std::vector<std::string>& contexts() const { return contexts_; }
  [[nodiscard]] const std::vector<Error>& others() const { return others_; }

  /// Adds what was being done when it happened ("staging slot b"). Outermost is added last.
  Error&& within(std::string context) &&;
  /// Changes the kind, keeps the rest.
  Error&& as(ErrorKind kind) &&;
  /// Adds one more reason of equal rank.
  void also(Error other) { others_.push_back(std::move(other)); }

  /// Lines for a person: one a reason, contexts first, the hint behind an arrow.
  [[nodiscard]] std::string message() const;

 private:
  ErrorKind kind_;
  std::string what_;
  std::string hint_;
  std::vector<std::string> contexts_;
  std::vector<Error> others_;
};

}  // namespace issu
