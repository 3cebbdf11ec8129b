#include "issu/step_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "issu/guard.hpp"

namespace issu {
namespace {

/// Between the steps: requests, the end of the measurement, ledger and history.
constexpr double beside_steps_s = 120;
constexpr MonoNs most_between_looks = 1'000'000'000;

bool begins(const Record& record) {
  return record.phase && (record.event == Event::begun || record.event == Event::undoing);
}

double allowed_s(const Records& records, const config::RouterConfig& config) {
  if (records.empty() || !begins(records.back())) {
    return beside_steps_s;
  }
  const Record& last = records.back();
  const Phase phase = *last.phase;
  const bool undoing = last.event == Event::undoing;
  const auto& timers = config.timers;
  const auto said = timers.deadlines.find(phase);
  const auto of_table = undoing ? row_of(phase).undo_deadline : row_of(phase).deadline;
  double seconds =
      said != timers.deadlines.end() ? said->second : static_cast<double>(of_table.count());
  const UpgradeOptions options = options_of(records);
  if (phase == (undoing ? Phase::freeze : Phase::reconcile)) {
    seconds += timers.converge_s;
  }
  if (phase == Phase::soak && !undoing) {
    seconds += options.soak_s;
  }
  if (phase == Phase::switchover && options.strategy == "migrate") {
    seconds += config.router.vm.migrate.timeout_s;
  }
  return seconds;
}

}  // namespace

std::chrono::nanoseconds time_allowed(const Records& records, const config::RouterConfig& config) {
  return std::chrono::nanoseconds(static_cast<MonoNs>(allowed_s(records, config) * 1e9));
}

bool StepWatch::overdue(const Records& records, MonoNs now) {
  if (looked_at_ == 0 || records.size() != records_) {
    stood_ = 0;
    records_ = records.size();
  } else {
    stood_ += std::min(now - looked_at_, most_between_looks);
  }
  looked_at_ = now;
  return ISSU_GUARD(hanging_step_is_ended, stood_ > time_allowed(records, *config_).count(), false);
}

Result<bool> note_hang(const std::filesystem::path& journal, const config::RouterConfig& config) {
  auto opened = Journal::open(journal);
  if (!opened) {
    return fail(std::move(opened).error());
  }
  const Records& records = opened->records();
  if (records.empty() || !begins(records.back())) {
    return false;
  }
  const Phase phase = *records.back().phase;
  const bool undoing = records.back().event == Event::undoing;
  const std::string text = fmt::format(
      "{} did not end within {:g} s and was ended (timers.deadlines.{})",
      undoing ? "undoing it" : name_of(phase), allowed_s(records, config), name_of(phase));
  Record failed{Event::failed, phase, text};
  if (undoing) {
    failed.facts["undo"] = true;
  }
  ISSU_TRY(opened->append(std::move(failed)), "noting that a step hung");
  return true;
}

}  // namespace issu
