#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "issu/fault_matrix.hpp"
#include "tests/issu/router_lab.hpp"

namespace issu::tests {

/// What comes while the first fault is taken back.
enum class Second {
  killed,        ///< before a verb of the undo acts
  killed_after,  ///< after it has acted
  fails,         ///< once
  stays,         ///< the verb fails until a person has repaired its cause
  hangs,         ///< it does not come back: the coordinator is ended
};
inline constexpr std::array<Second, 5> second_faults{Second::killed, Second::killed_after,
                                                     Second::fails, Second::stays, Second::hangs};

/// One way in which a cell is played.
struct Run {
  const Cell* cell = nullptr;  ///< none: nothing goes wrong
  std::string strategy;
  std::string way_back = "cold";
  bool accept = true;     ///< else nobody accepts: it goes back at the end of the soak
  std::size_t call = 0;   ///< of the phase's step: where it strikes
  bool acted = false;     ///< it strikes after that call has acted, not before
  bool for_good = false;  ///< what is gone stays away until a person repairs it
  bool ended = false;     ///< what hangs does not come back by itself: the coordinator is ended
  bool by_abort = false;  ///< what makes it go back before a second fault is a request
  Second second = Second::killed;
  std::size_t second_call = 0;  ///< of all undos

  [[nodiscard]] std::string name() const;
};

/// Stands for a verb that never comes back.
struct Hung {};

/// Stands for an upgrade that never ends.
struct Endless {};

/// A router on fakes to which one run's faults happen. What must hold at every moment is looked at
/// before each call of a port.
class FaultyLab : public Lab {
 public:
  explicit FaultyLab(const Run& run);
  FaultyLab(const FaultyLab&) = delete;
  FaultyLab& operator=(const FaultyLab&) = delete;
  ~FaultyLab();

  /// The coordinator, or one that takes its place; throws Killed where it is killed, Hung where a
  /// verb never comes back.
  Result<Outcome> coordinate();
  /// Whoever watches it: time goes by until it is overdue, then its end is noted.
  void end_hung();
  /// What a kill left of the journal.
  void damage_journal();
  /// A person does what the message says.
  void repair();

  [[nodiscard]] bool struck() const { return struck_; }
  [[nodiscard]] bool second_struck() const { return second_struck_; }
  /// What the faults say of themselves, for as long as they last.
  [[nodiscard]] const std::vector<std::string>& causes() const { return causes_; }
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  /// Calls of each phase's step, and of all undos.
  [[nodiscard]] const std::map<Phase, std::vector<std::string>>& calls() const { return calls_; }
  [[nodiscard]] const std::vector<std::string>& undo_calls() const { return undo_calls_; }
  [[nodiscard]] bool flipped() const { return flipped_; }

 private:
  void recorded(const Record& record);
  Result<void> entering(const std::string& verb);
  Result<void> left(const std::string& verb);
  Result<void> act_fault(const std::string& verb);
  Result<void> second_fault(const std::string& verb, bool acted);
  Result<void> conditions(const std::string& verb);
  void strike();
  void look(const std::string& when);
  void wrong(const std::string& what);
  [[nodiscard]] bool meant(Moment moment) const;
  [[nodiscard]] bool is(Fault fault) const { return run_.cell && run_.cell->fault.fault == fault; }
  [[nodiscard]] bool by_calls() const;
  [[nodiscard]] std::size_t place() const;
  tl::unexpected<Error> planted(const std::string& what);

  Run run_;
  std::size_t records_ = 0;
  std::optional<Phase> phase_;  ///< whose step or undo runs
  bool undoing_ = false;
  std::size_t call_ = 0;
  std::map<Phase, std::vector<std::string>> calls_;
  std::vector<std::string> undo_calls_;
  bool struck_ = false;
  bool second_struck_ = false;
  std::string stays_;  ///< the verb that fails until it is repaired
  bool npu_gone_ = false;
  bool memory_short_ = false;
  int peer_returns_after_ = 0;
  bool flipped_ = false;
  pid_t probe_ = 0;
  std::vector<std::string> causes_;
  std::vector<std::string> violations_;
};

}  // namespace issu::tests
