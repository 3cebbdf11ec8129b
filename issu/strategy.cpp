#include "issu/strategy.hpp"

#include "issu/steps/steps.hpp"

namespace issu {
namespace {

constexpr Strategy restart{"restart",
                           "new daemons in the other slot, graceful restart at the peers",
                           {{
                               {steps::preflight, steps::nothing},
                               {steps::stage, steps::undo_stage},
                               {steps::checkpoint, steps::nothing},
                               {steps::presync, steps::undo_presync},
                               {steps::freeze, steps::undo_freeze},
                               {steps::switchover, steps::undo_switchover},
                               {steps::reconcile, steps::nothing},
                               {steps::soak, steps::nothing},
                               {steps::commit, steps::nothing},
                           }}};

constexpr Strategy checkpoint{"checkpoint",
                              "the same daemons go on in the other slot, their sessions stay",
                              {{
                                  {steps::preflight_carry, steps::nothing},
                                  {steps::stage_mounted, steps::undo_stage},
                                  {steps::checkpoint_carry, steps::undo_checkpoint_carry},
                                  {steps::presync, steps::undo_presync},
                                  {steps::freeze_carry, steps::undo_freeze_carry},
                                  {steps::switchover_carry, steps::undo_switchover_carry},
                                  {steps::reconcile_carry, steps::nothing},
                                  {steps::soak, steps::nothing},
                                  {steps::commit, steps::nothing},
                              }}};

constexpr std::array<const Strategy*, 2> strategies{&restart, &checkpoint};

}  // namespace

Result<const Strategy*> strategy_named(std::string_view name) {
  std::string known;
  for (const Strategy* strategy : strategies) {
    if (strategy->name == name) {
      return strategy;
    }
    known += (known.empty() ? "" : ", ") + std::string(strategy->name);
  }
  return fail("there is no strategy \"" + std::string(name) + "\"", "known: " + known,
              ErrorKind::usage);
}

}  // namespace issu
