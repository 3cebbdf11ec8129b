#include "issu/strategy.hpp"

#include "issu/steps/steps.hpp"

namespace issu {
namespace {

constexpr Strategy restart{"restart",
                           "new daemons in the other slot, graceful restart at the peers",
                           {{
                               {steps::preflight, steps::nothing},
                               {steps::stage, steps::undo_stage},
                               {steps::checkpoint_restart, steps::undo_checkpoint_restart},
                               {steps::presync, steps::undo_presync},
                               {steps::freeze, steps::undo_freeze},
                               {steps::switchover, steps::undo_switchover},
                               {steps::reconcile, steps::nothing},
                               {steps::soak, steps::nothing},
                               {steps::commit, steps::nothing},
                           }}};

constexpr Strategy checkpoint{
    "checkpoint",
    "the same daemons go on in the other slot, their sessions stay",
    {{
        {steps::preflight_carry, steps::nothing},
        {steps::stage_mounted, steps::undo_stage, "mounts the image in the other slot"},
        {steps::checkpoint_carry, steps::undo_checkpoint_carry,
         "records what the way back has to reach, makes room for the daemons' state",
         "frees the state"},
        {steps::presync, steps::undo_presync},
        {steps::freeze_carry, steps::undo_freeze_carry,
         "holds the NPU's routes and the packets of the sessions, saves the daemons",
         "restores the daemons in the old slot"},
        {steps::switchover_carry, steps::undo_switchover_carry,
         "restores the daemons in the other slot", "saves them there again"},
        {steps::reconcile_carry, steps::nothing},
        {steps::soak, steps::nothing},
        {steps::commit, steps::nothing},
    }}};

constexpr Strategy standby{
    "standby",
    "the new side runs beside the old one before it takes the ports over",
    {{
        {steps::preflight_standby, steps::nothing},
        {steps::stage_warm, steps::undo_stage,
         "brings the image into the other slot and starts its daemons, the ports unplugged"},
        {steps::checkpoint, steps::nothing},
        {steps::presync, steps::undo_presync},
        {steps::freeze_standby, steps::undo_freeze_standby,
         "holds the NPU's routes and has the old side stand still",
         "lets the old side go on; once the new one had the ports, with its daemons started anew"},
        {steps::switchover, steps::undo_switchover, "moves the ports to the new side",
         "fences the new side"},
        {steps::reconcile, steps::nothing},
        {steps::soak, steps::nothing},
        {steps::commit, steps::nothing},
    }}};

constexpr Strategy migrate{
    "migrate",
    "the machine moves to the other slot's hypervisor while it runs, its sessions stay",
    {{
        {steps::preflight_migrate, steps::nothing},
        {steps::stage_mounted, steps::undo_stage_migrate,
         "brings the image that runs into the other slot; nothing is started"},
        {steps::checkpoint, steps::nothing},
        {steps::presync, steps::undo_presync},
        {steps::freeze_migrate, steps::undo_freeze_migrate,
         "holds the NPU's routes; the machine runs on",
         "gives the ports back and waits until the routes are"},
        {steps::switchover_migrate, steps::undo_switchover_migrate,
         "moves the machine to the other hypervisor, then the ports",
         "ends the move; moves the machine back when it was over"},
        {steps::reconcile, steps::nothing},
        {steps::soak, steps::nothing},
        {steps::commit, steps::nothing},
    }}};

constexpr Strategy snapshot{
    "snapshot",
    "the machine is saved to a file and goes on in the other slot, its sessions stay",
    {{
        {steps::preflight_carry, steps::nothing},
        {steps::stage_mounted, steps::undo_stage,
         "brings the image that runs into the other slot; nothing is started"},
        {steps::checkpoint_carry, steps::undo_checkpoint_carry,
         "records what the way back has to reach, makes room for the machine's state",
         "frees the state"},
        {steps::presync, steps::undo_presync},
        {steps::freeze_carry, steps::undo_freeze_carry,
         "holds the NPU's routes, saves the machine and ends it",
         "lets the machine go on in the old slot"},
        {steps::switchover_carry, steps::undo_switchover_carry,
         "moves the ports, lets the machine go on in the other slot", "saves it there again"},
        {steps::reconcile_carry, steps::nothing},
        {steps::soak, steps::nothing},
        {steps::commit, steps::nothing},
    }}};

constexpr std::array<const Strategy*, 5> strategies{&restart, &checkpoint, &standby, &migrate,
                                                    &snapshot};

}  // namespace

std::span<const Strategy* const> all_strategies() {
  return strategies;
}

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
