#include "issu/drill/demand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "issu/drill/document_schema.hpp"

namespace issu::drill {
namespace {

/// Frames a second that keep one processor busy: those who send and receive them, the router
/// between them, and a reserve, because a late receiver is a lost frame.
constexpr double kFramesOfOneCore = 10'000;

bool looks_around(const std::vector<Step>& steps) {
  return std::any_of(steps.begin(), steps.end(), [](const Step& step) {
    const auto* repeat = std::get_if<RepeatStep>(&step.what);
    return std::holds_alternative<CompareStep>(step.what) ||
           std::holds_alternative<SoakStep>(step.what) ||
           (repeat != nullptr && looks_around(repeat->steps));
  });
}

/// The path of the first expectation about a time; empty when there is none.
std::string judged_time(const Scenario& scenario) {
  for (const Expectation& expectation : scenario.expectations) {
    const std::string path = generic(expectation.path);
    if (path.ends_with("_ms") || path.ends_with("_s") || path.ends_with("seconds")) {
      return expectation.path;
    }
  }
  return {};
}

double frames_a_second(const LabSpec& lab) {
  double sum = 0;
  for (const StreamSpec& stream : lab.streams) {
    sum += stream.rate_pps;
  }
  return sum;
}

}  // namespace

Demand demand_of(const Scenario& scenario) {
  Demand demand;
  const double frames = frames_a_second(scenario.lab);
  demand.cores = static_cast<unsigned>(std::max(1.0, std::ceil(frames / kFramesOfOneCore)));
  if (looks_around(scenario.steps)) {
    return {true, demand.cores, "it looks for what is left over on the whole machine"};
  }
  if (scenario.beside_others) {
    demand.alone = !*scenario.beside_others;
    demand.why = fmt::format("its file says beside_others = {}", *scenario.beside_others);
    return demand;
  }
  if (scenario.lab.backend != "lxc") {
    return {true, demand.cores, "a virtual machine's processors are a program here"};
  }
  if (const std::string path = judged_time(scenario); !path.empty()) {
    return {true, demand.cores, "it judges a time (" + path + ")"};
  }
  demand.why = fmt::format("{:.0f} packets/s", frames);
  return demand;
}

std::optional<std::size_t> next_to_start(const std::vector<Demand>& waiting,
                                         const std::vector<Demand>& running,
                                         const Capacity& capacity) {
  unsigned busy = 0;
  for (const Demand& demand : running) {
    if (demand.alone) {
      return std::nullopt;
    }
    busy += demand.cores;
  }
  if (running.size() >= std::max(capacity.jobs, 1U)) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const bool fits = running.empty() || busy + waiting[i].cores <= capacity.cores;
    if (!waiting[i].alone && fits) {
      return i;
    }
  }
  if (!running.empty() || waiting.empty()) {
    return std::nullopt;
  }
  return 0;
}

std::string words_of(const Demand& demand, const Capacity& capacity) {
  if (demand.alone) {
    return "alone: " + demand.why;
  }
  if (demand.cores > capacity.cores) {
    return fmt::format("alone: it needs {} processors, there are {} ({})", demand.cores,
                       capacity.cores, demand.why);
  }
  return fmt::format("beside others, {} of {} processors: {}", demand.cores, capacity.cores,
                     demand.why);
}

}  // namespace issu::drill
