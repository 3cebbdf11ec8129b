#include "issu/steps/way_back.hpp"

#include <algorithm>

#include "issu/converge.hpp"
#include "issu/decide.hpp"
#include "issu/guard.hpp"

namespace issu::steps {
namespace {

/// What the tables saw until now, before they are held for the old side.
Result<backends::SyncState> hold_for_the_way_back(Context& context) {
  ISSU_TRY(context.npu.watch(), "watching the NPU's tables");
  auto before = context.npu.sync_state();
  if (!before) {
    return pass(std::move(before).error(), "asking the NPU");
  }
  ISSU_TRY(context.npu.hold(context.epoch_back()), "holding the NPU's routes for the old side");
  return before;
}

}  // namespace

int tries_of_undo(const Context& context, Phase phase) {
  return static_cast<int>(
      std::count_if(context.records.begin(), context.records.end(), [&](const Record& record) {
        return record.event == Event::undoing && record.phase == phase;
      }));
}

Baseline baseline_of(const Context& context) {
  return baseline_from_json(facts_of(context.records, Phase::checkpoint));
}

bool began(const Context& context, Phase phase) {
  for (const Record& record : context.records) {
    if (record.event == Event::begun && record.phase == phase) {
      return true;
    }
  }
  return false;
}

nlohmann::json sync_facts(const backends::SyncState& state) {
  return {{"held", state.held},   {"refreshed", state.refreshed}, {"stale", state.stale},
          {"added", state.added}, {"deleted", state.deleted},     {"swept", state.swept}};
}

Result<nlohmann::json> old_side_again(Context& context,
                                      const std::function<Result<void>()>& start) {
  auto before = hold_for_the_way_back(context);
  if (!before && tries_of_undo(context, Phase::freeze) < undo_attempts) {
    return fail(std::move(before).error());
  }
  // The last try: the old side comes up all the same. It deletes nothing that it finds.
  ISSU_TRY(start(), "starting the old side");
  auto state = wait_end_of_sync(context, context.from, context.epoch_back(), baseline_of(context),
                                Missed::go_on);
  if (!state) {
    return pass(std::move(state).error(), "waiting for the old side");
  }
  if (!before || !state->complete) {
    return nlohmann::json{
        {"unswept",
         before ? "what is stale can't be told: changes of the NPU's tables were missed, or "
                  "routes were still coming"
                : before.error().what()}};
  }
  if (auto compared = compare_with_npu(context, *state); !compared) {
    nlohmann::json facts = sync_facts(*state);
    facts["unswept"] = compared.error().what();
    return facts;
  }
  auto swept = context.npu.sweep(context.epoch_back());
  if (!swept) {
    return pass(std::move(swept).error(), "sweeping what is stale");
  }
  nlohmann::json facts = sync_facts(*swept);
  if (before->complete && before->epoch == context.epoch_forward()) {
    facts["deleted"] = before->deleted + swept->deleted;
  } else {
    facts.erase("deleted");  // an earlier try of this undo took the first part with it
  }
  return facts;
}

Result<void> has_to_run(Context& context, backends::Slot slot) {
  const std::string name(backends::name_of(slot));
  auto status = context.rp.status(slot);
  if (!status) {
    return pass(std::move(status).error(), "looking at slot " + name);
  }
  if (ISSU_GUARD(dead_side_is_started, status->power == backends::SlotPower::active, true)) {
    return {};
  }
  context.tell("slot " + name + " ended by itself, it is started anew");
  ISSU_TRY(context.rp.boot(slot), "booting slot " + name + ", which had ended by itself");
  return context.rp.activate(slot);
}

Result<void> restore_without_sessions(Context& context) {
  ISSU_TRY(ISSU_GUARD(routes_are_kept, context.npu.keep(context.epoch_back()), Result<void>{}),
           "keeping the routes without sessions");
  auto restored = context.rp.restore(context.from, context.from, backends::Sessions::drop);
  return restored ? Result<void>{} : fail(std::move(restored).error());
}

}  // namespace issu::steps
