#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "issu/base/child.hpp"
#include "issu/base/result.hpp"
#include "issu/drill/interrupt.hpp"

namespace issu::drill {

/// A program that runs as an operator's would, its two outputs going into files. It is ended
/// (SIGTERM, then SIGKILL) at the end of the object's life.
class Program {
 public:
  struct Places {
    std::filesystem::path out;             ///< standard output
    std::filesystem::path err;             ///< standard error; its lines are also given to `say`
    std::vector<std::string> environment;  ///< "NAME=value", added to ours
    std::function<void(const std::string&)> say;  ///< may be empty
  };

  static Result<Program> start(const Argv& argv, Places places);

  Program(Program&& other) noexcept;
  Program& operator=(Program&&) = delete;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  /// Its exit code (128 + signal when it was killed) once it has ended; passes its new lines on.
  std::optional<int> poll();
  /// Waits for its end. Errors: a deadline that passed (ErrorKind::timeout), an interrupt.
  Result<int> wait(std::chrono::milliseconds time, Interrupt& interrupt);
  /// All that it has said so far on standard output.
  [[nodiscard]] std::string output() const;
  [[nodiscard]] const std::filesystem::path& errors() const { return places_.err; }

 private:
  Program(pid_t pid, Places places) : pid_(pid), places_(std::move(places)) {}
  void pass_lines_on();
  void end();

  pid_t pid_ = -1;
  Places places_;
  std::optional<int> status_;
  std::uintmax_t told_ = 0;  ///< bytes of `err` that were passed on
};

}  // namespace issu::drill
