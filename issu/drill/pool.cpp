#include "issu/drill/pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "issu/base/clock.hpp"

namespace issu::drill {
namespace {

constexpr auto kLook = std::chrono::milliseconds(50);

struct Turn {
  std::size_t drill;
  unsigned attempt = 1;
  Demand demand;
};

struct Running {
  Turn turn;
  AttemptProcess process;
};

class Pool {
 public:
  Pool(const std::vector<Planned>& drills, const PlayDrill& play, const PoolOptions& options)
      : drills_(&drills), play_(&play), options_(&options) {
    for (std::size_t i = 0; i < drills.size(); ++i) {
      waiting_.push_back({i, 1, drills[i].demand});
    }
  }

  std::vector<DrillOutcome> run(Interrupt& interrupt) {
    while (!running_.empty() || (!waiting_.empty() && !interrupt.came())) {
      if (interrupt.came()) {
        stop_all();
      } else {
        start_what_fits();
      }
      take_what_ended(interrupt.came());
      if (!running_.empty()) {
        look_again(interrupt);
      }
    }
    std::vector<DrillOutcome> all;
    for (auto& [drill, outcome] : outcomes_) {
      all.push_back(std::move(outcome));
    }
    return all;
  }

 private:
  [[nodiscard]] const std::string& name_of(const Turn& turn) const {
    return (*drills_)[turn.drill].name;
  }

  /// Sleeps; after an interrupt, when its sleep does not last any more, too.
  static void look_again(Interrupt& interrupt) {
    if (interrupt.sleep(kLook)) {
      sleep_for(kLook);
    }
  }

  void stop_all() {
    if (!std::exchange(stopped_, true)) {
      std::for_each(running_.begin(), running_.end(), [](Running& each) { each.process.stop(); });
    }
  }

  void start_what_fits() {
    while (true) {
      std::vector<Demand> waiting;
      std::vector<Demand> running;
      for (const Turn& turn : waiting_) {
        waiting.push_back(turn.demand);
      }
      for (const Running& each : running_) {
        running.push_back(each.turn.demand);
      }
      const auto next = next_to_start(waiting, running, options_->capacity);
      if (!next) {
        return;
      }
      const auto at = waiting_.begin() + static_cast<std::ptrdiff_t>(*next);
      const Turn turn = *at;
      waiting_.erase(at);
      start(turn);
    }
  }

  void start(const Turn& turn) {
    const std::string prefix = turn.attempt == 1
                                   ? name_of(turn) + ": "
                                   : fmt::format("{} (attempt {}): ", name_of(turn), turn.attempt);
    auto process = AttemptProcess::start(
        [&](const Say& say) { return (*play_)(turn.drill, turn.attempt, say); },
        [this, prefix, turn](const std::string& line) {
          options_->say(prefix + line);
          if (options_->log) {
            options_->log(turn.drill, turn.attempt, line);
          }
        });
    if (process) {
      running_.push_back({turn, std::move(*process)});
    } else {
      take(turn, not_judged(name_of(turn), process.error()), false);
    }
  }

  void take_what_ended(bool interrupted) {
    std::vector<Running> going_on;
    std::vector<Running> ended;
    for (Running& each : running_) {
      (each.process.poll() ? ended : going_on).push_back(std::move(each));
    }
    running_ = std::move(going_on);
    for (const Running& each : ended) {
      auto outcome = each.process.outcome();
      take(each.turn,
           outcome ? std::move(*outcome) : not_judged(name_of(each.turn), outcome.error()),
           interrupted);
    }
  }

  void take(const Turn& turn, DrillOutcome outcome, bool interrupted) {
    outcome.attempt = turn.attempt;
    if (options_->attempted) {
      options_->attempted(outcome);
    }
    std::vector<DrillOutcome>& earlier = earlier_[turn.drill];
    if (!outcome.passed() && turn.attempt <= options_->retries && !interrupted) {
      options_->say(fmt::format("{}: attempt {} of {} failed, it is tried again", name_of(turn),
                                turn.attempt, options_->retries + 1));
      Demand alone = turn.demand;
      alone.alone = true;
      waiting_.push_back({turn.drill, turn.attempt + 1, alone});
      earlier.push_back(std::move(outcome));
      return;
    }
    outcome.flaky = outcome.passed() && !earlier.empty();
    outcome.earlier = std::move(earlier);
    if (outcome.flaky && options_->strict) {
      outcome.judgements.push_back({"it passes at its first attempt", "attempt 1",
                                    fmt::format("attempt {}", outcome.attempt), false,
                                    first_evidence(outcome.earlier.front())});
    }
    if (options_->ended) {
      options_->ended(outcome);
    }
    outcomes_[turn.drill] = std::move(outcome);
  }

  static std::filesystem::path first_evidence(const DrillOutcome& outcome) {
    const auto failed =
        std::find_if(outcome.judgements.begin(), outcome.judgements.end(),
                     [](const Judgement& each) { return !each.passed && !each.evidence.empty(); });
    return failed == outcome.judgements.end() ? std::filesystem::path() : failed->evidence;
  }

  const std::vector<Planned>* drills_;
  const PlayDrill* play_;
  const PoolOptions* options_;
  std::vector<Turn> waiting_;
  std::vector<Running> running_;
  std::map<std::size_t, std::vector<DrillOutcome>> earlier_;
  std::map<std::size_t, DrillOutcome> outcomes_;
  bool stopped_ = false;
};

}  // namespace

DrillOutcome not_judged(const std::string& name, const Error& error) {
  DrillOutcome outcome;
  outcome.scenario = name;
  outcome.judgements.push_back(
      {"the drill runs to its end", "no error", error.message(), false, {}, true});
  return outcome;
}

std::vector<DrillOutcome> run_pool(const std::vector<Planned>& drills, const PlayDrill& play,
                                   const PoolOptions& options, Interrupt& interrupt) {
  return Pool(drills, play, options).run(interrupt);
}

}  // namespace issu::drill
