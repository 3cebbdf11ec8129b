#include <fmt/format.h>

#include <optional>
#include <random>

#include "issu/drill/runner.hpp"
#include "issu/drill/soak_figures.hpp"

namespace issu::drill {
namespace {

/// So many are told one by one; more of them would say the same again.
constexpr std::size_t kTold = 5;
constexpr std::size_t kMostAdded = 6;
const std::string kSnapshot = "the first two upgrades";

std::uint64_t drawn_seed() {
  std::random_device device;
  return device() % 1'000'000'000U + 1;  // to be typed again
}

}  // namespace

/// One upgrade of a soak; whether it ended as it may.
Result<bool> Runner::soak_once(const SoakStep& step, const std::string& name, unsigned number,
                               unsigned record) {
  const std::string& image = walked_away_ ? step.back : step.image;
  stage_->say(fmt::format("upgrade {} of {} to {}{}", number, step.times, image,
                          record == 0 ? "" : fmt::format(", killed after record {}", record)));
  auto turn = take_turn(image, step.args, name, record);
  if (!turn) {
    return fail(std::move(turn).error());
  }
  const bool good = turn->killed ? turn->ended_well() : turn->outcome == "committed";
  if (!good) {
    judgements_.push_back(
        {fmt::format("{}: upgrade {}{}", name, number,
                     turn->killed ? fmt::format(", killed after record {}", record) : ""),
         turn->killed ? "committed or rolled-back" : "committed", turn->outcome, false,
         turn->errors});
  }
  return good;
}

void Runner::judge_soak(const SoakStep& step, const std::string& name, std::size_t good,
                        std::size_t taken) {
  judgements_.push_back({name + ": upgrades that ended as they may",
                         fmt::format("{} of {}", step.times, step.times),
                         fmt::format("{} of {}", good, taken),
                         good == taken && taken >= step.times,
                         {}});
  const SoakFigures figures = figures_of(soaks_.back(), upgrades_);
  const auto within = [&](const char* what, std::optional<double> bound, auto member) {
    if (!bound) {
      return;
    }
    const auto& values = figures.undisturbed_dark_ms.values;
    judgements_.push_back({fmt::format("{}: {} of the dark time", name, what),
                           fmt::format("at most {} ms", *bound),
                           values ? fmt::format("{:.0f} ms", (*values).*member) : "not measured",
                           values && (*values).*member <= *bound,
                           {}});
  };
  within("p50", step.dark.p50_ms, &ledger::Percentiles::p50);
  within("p99", step.dark.p99_ms, &ledger::Percentiles::p99);
}

Result<void> Runner::take_soak(const SoakStep& step, const std::string& name) {
  const std::uint64_t seed = step.seed != 0 ? step.seed : drawn_seed();
  soaks_.push_back({name, seed});
  stage_->say(fmt::format("seed {}: the same again with --seed {}", seed, seed));
  walked_away_ = false;
  std::size_t good = 0;
  std::size_t taken = 0;
  std::optional<std::size_t> looked;  // after so many upgrades
  const std::vector<unsigned> plan = soak_plan(seed, step.times, step.killed);
  // What stands at the beginning stands at the end, in the same slot, and there has been an upgrade
  // since the first look: undisturbed ones are added until it is so.
  const auto comparable = [&] { return looked && taken > *looked && !walked_away_; };
  while (taken < plan.size() || (!comparable() && taken < plan.size() + kMostAdded)) {
    if (taken >= 2 && !looked && !walked_away_) {
      ISSU_TRY(take({"snapshot after " + kSnapshot, 0, SnapshotStep{kSnapshot}}), "");
      looked = taken;
    }
    const unsigned record = taken < plan.size() ? plan[taken] : 0;
    auto ended = soak_once(step, name, static_cast<unsigned>(taken) + 1, record);
    if (!ended) {
      return pass(std::move(ended).error(), fmt::format("upgrade {}", taken + 1));
    }
    ++taken;
    good += *ended ? 1 : 0;
    if (taken - good >= kTold) {
      stage_->say("too many of them went wrong: the soak ends here");
      break;
    }
  }
  judge_soak(step, name, good, taken);
  if (comparable()) {
    return take_compare({kSnapshot});
  }
  judgements_.push_back({"nothing is left over since \"" + kSnapshot + "\"",
                         "no difference",
                         "not compared: the router never stood there again",
                         false,
                         {}});
  return {};
}

}  // namespace issu::drill
