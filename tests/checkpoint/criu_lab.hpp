#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "checkpoint/criu.hpp"
#include "issu/base/child.hpp"
#include "tests/temp_dir.hpp"

namespace issu::tests {

/// Two network namespaces joined by a link (192.0.2.1 and 2001:db8::1 here, .2 and ::2 there), and
/// in the first of them a pid namespace whose processes are dumped and restored. All of it is gone
/// at the end.
class CriuLab {
 public:
  /// Why it can't be made on this machine; empty when it can.
  static std::string missing();

  CriuLab();
  ~CriuLab();
  CriuLab(const CriuLab&) = delete;
  CriuLab& operator=(const CriuLab&) = delete;

  [[nodiscard]] const std::string& here() const { return here_; }
  [[nodiscard]] const std::string& there() const { return there_; }
  [[nodiscard]] const TempDir& folder() const { return folder_; }

  /// Starts the actor (actor.cpp) in the pid namespace, and waits until it says that it is ready.
  void start(const Argv& role);
  /// Starts a program in the other network namespace and a mount namespace of its own; what it
  /// starts ends with the lab.
  void start_beside(const Argv& argv);
  /// Its pid in our pid namespace; 0 when there is none.
  [[nodiscard]] pid_t actor() const;
  /// The same with all that it started.
  [[nodiscard]] std::vector<pid_t> actors() const;
  /// What CRIU said is in the error.
  Result<void> dump(const Argv& more = {});
  Result<void> restore(const Argv& more = {});

 private:
  Result<void> criu(const Argv& words);
  [[nodiscard]] pid_t first() const;

  std::string here_;
  std::string there_;
  TempDir folder_;
  checkpoint::Criu criu_;
  ProcessId init_;
  ProcessId beside_;
};

}  // namespace issu::tests
