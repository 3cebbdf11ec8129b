#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "issu/base/clock.hpp"
#include "issu/init/plan.hpp"
#include "issu/init/readiness.hpp"

namespace issu::init {

/// What all daemons together are doing.
enum class Stage { held, starting, active };

/// Starts daemons in order, keeps them running, ends them all at once. Driven from outside: `step`
/// is called whenever something may have happened; nothing here waits but `kill_all`.
class Supervisor {
 public:
  /// `logs`: the folder for NAME.log of each daemon; it has to exist.
  Supervisor(std::vector<DaemonPlan> plan, std::filesystem::path logs);

  /// Begins to start everything that does not run. Counts of earlier lives are forgotten.
  void start();
  /// SIGKILL to every process of this pid namespace but this one; returns when none is left.
  void kill_all();
  /// Reaps, starts what may be started now, asks what is not ready yet.
  void step();

  [[nodiscard]] Stage stage() const { return stage_; }
  /// Why the start that is going on cannot end well; empty while it can.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  /// How long to wait for a signal before the next `step`, milliseconds; -1: until one comes.
  [[nodiscard]] int wait_ms() const;
  /// Milliseconds from `start` until everything was ready; 0 before.
  [[nodiscard]] double start_ms() const { return start_ms_; }
  /// One line a daemon: name, pid (0: none), "ready" or "not-ready", exits, last end ("-": none).
  [[nodiscard]] std::string report() const;

 private:
  struct Daemon {
    DaemonPlan plan;
    pid_t pid = 0;
    bool ready = false;
    int exits = 0;
    int failures_in_row = 0;
    std::string last_end{};
    MonoNs not_before = 0;  ///< back-off of a restart
    MonoNs started_at = 0;
    std::optional<Readiness> readiness{};
  };

  void reap();
  void ended(Daemon& daemon, int status);
  [[nodiscard]] bool may_start(const Daemon& daemon, MonoNs now) const;
  void launch(Daemon& daemon, MonoNs now);
  void ask(Daemon& daemon, MonoNs now);

  std::vector<Daemon> daemons_;
  std::filesystem::path logs_;
  Stage stage_ = Stage::held;
  std::string trouble_;
  MonoNs began_at_ = 0;
  double start_ms_ = 0;
};

}  // namespace issu::init
