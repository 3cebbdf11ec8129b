#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "issu/drill/interrupt.hpp"
#include "issu/drill/layout.hpp"
#include "issu/drill/leftovers.hpp"
#include "issu/drill/outcome.hpp"
#include "issu/drill/program.hpp"
#include "issu/drill/scenario.hpp"

namespace issu::drill {

/// Where the steps of a drill act.
struct Stage {
  std::filesystem::path issu;
  std::filesystem::path router_file;
  std::filesystem::path images;
  std::filesystem::path evidence;  ///< what every command said
  std::filesystem::path fault;     ///< libissu-fault.so
  Territory territory;
  std::vector<PeerPlace> peers;
  std::function<void(const std::string&)> say;
  /// What ends by itself a moment after an upgrade, such as a container's monitor, is given so long
  /// before the machine is looked at.
  std::chrono::milliseconds settling = std::chrono::seconds(5);
  std::function<Machine(const Territory&)> look = look_around;
};

/// Goes through the steps of a drill by running the issu program as an operator would. What every
/// command answers becomes a judgement; nothing of the coordinator is called.
class Runner {
 public:
  /// `stage` and `interrupt` outlive the runner.
  Runner(const Stage& stage, Interrupt& interrupt) : stage_(&stage), interrupt_(&interrupt) {}

  /// An error ends the drill: an interrupt, a program that can't be started. A command that
  /// answers otherwise than expected is a judgement, and the drill goes on.
  Result<void> run(const std::vector<Step>& steps);

  [[nodiscard]] const std::vector<Judgement>& judgements() const { return judgements_; }
  [[nodiscard]] const std::vector<UpgradeRun>& upgrades() const { return upgrades_; }
  [[nodiscard]] const std::vector<Soak>& soaks() const { return soaks_; }

 private:
  struct Open {
    UpgradeStep step;
    std::string name;
    std::optional<Program> program;  ///< no value: its coordinator was killed
  };

  Result<void> take(const Step& step);
  Result<void> take_upgrade(const UpgradeStep& step, const std::string& name);
  Result<void> take_command(const CommandStep& step, const std::string& name);
  Result<void> take_npu(const NpuStep& step, const std::string& name);
  Result<void> replace_npu(const NpuStep& step, const std::string& name);
  Result<void> save_npu(const NpuStep& step, const std::string& name);
  // archive_step.cpp
  Result<void> take_archive(const ArchiveStep& step, const std::string& name);
  Result<void> archive_save(const ArchiveStep& step, const std::string& name);
  /// Without its key neither the archive's bytes nor `show` have a word of the configuration.
  Result<void> archive_keeps_secrets(const std::string& name, const std::filesystem::path& file);
  Result<void> archive_tamper(const std::string& name);
  // archive_restore_step.cpp
  Result<void> archive_restore(const ArchiveStep& step, const std::string& name);
  [[nodiscard]] Result<std::filesystem::path> keep_archive() const;
  // archive_step.cpp
  /// Runs `issu checkpoint VERB` and judges its exit code; its answer.
  Result<nlohmann::json> archive_command(const std::string& name, Argv words, int expected);
  void judge_fact(const std::string& what, const std::string& expected, const std::string& got);
  // peer_step.cpp
  Result<void> reset_peer(const ResetStep& step);
  // fault_step.cpp
  Result<void> take_fault(const FaultStep& step);
  Result<void> take_compare(const CompareStep& step);
  Result<void> take_walk(const WalkStep& step, const std::string& name);
  Result<std::string> phase_left();
  Result<void> walk_together(const WalkStep& step, const std::string& name);
  Result<bool> walk_once(const WalkStep& step, const std::string& name, unsigned record);
  // soak.cpp
  Result<void> take_soak(const SoakStep& step, const std::string& name);
  Result<bool> soak_once(const SoakStep& step, const std::string& name, unsigned number,
                         unsigned record);
  void judge_soak(const SoakStep& step, const std::string& name, std::size_t good,
                  std::size_t taken);

  struct Ended {
    int status;
    std::filesystem::path errors;  ///< what it said on standard error
  };
  /// An upgrade whose coordinator may have been killed, and resumed.
  struct Turn {
    bool killed;
    int status;           ///< of the command that saw its end
    std::string outcome;  ///< "nothing was begun" when it left no result
    bool begun;
    std::filesystem::path errors;

    /// Killed before its first record was on disk: then nothing is open, and nothing was touched.
    [[nodiscard]] bool ended_well() const;
  };
  /// Upgrades to an image; `record`: the journal's record after which the coordinator is killed, 0:
  /// none. Its result is added to the upgrades.
  Result<Turn> take_turn(const std::string& image, const std::vector<std::string>& args,
                         const std::string& name, unsigned record);

  /// `fault`: what libissu-fault does to the program; empty: nothing.
  Result<Program> start(Argv words, const std::string& fault = {});
  Result<Ended> command(Argv words, const std::string& fault = {});
  Result<int> end(Program& program);
  Result<void> wait_for_phase(Program& program, const std::string& phase);
  void judge_exit(const std::string& name, int expected, int got, const Program& program);
  void add_upgrade(const std::string& name, int exit_code, const Program& program);
  Result<std::string> last_report();

  const Stage* stage_;
  Interrupt* interrupt_;
  unsigned commands_ = 0;
  std::optional<Open> open_;
  bool walked_away_ = false;  ///< the router runs a walk's or a soak's image, not the one before
  std::map<std::string, ProcessId> stopped_;  ///< daemons, by name
  std::map<std::string, Machine> snapshots_;
  std::vector<Judgement> judgements_;
  std::vector<UpgradeRun> upgrades_;
  std::vector<Soak> soaks_;
};

}  // namespace issu::drill
