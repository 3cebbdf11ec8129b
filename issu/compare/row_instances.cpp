#include <fmt/format.h>

#include <array>
#include <cmath>

#include "issu/compare/memory.hpp"
#include "issu/compare/rows.hpp"

namespace issu::compare {
namespace {

using nlohmann::ordered_json;

/// How far one shape came.
struct Reached {
  unsigned count = 0;
  std::string stopped_by;
  bool by_memory = false;
  std::uint64_t allowed = 0;           ///< bytes of all instances together
  std::optional<std::uint64_t> pss;    ///< of all of them
  std::optional<std::uint64_t> taken;  ///< less free than before the first
  std::string accelerator;
  std::string why_not;
};

std::optional<std::uint64_t> pss_of_all(const std::vector<Instance>& running) {
  std::uint64_t sum = 0;
  for (const Instance& one : running) {
    const auto pss = pss_of(residents_of(resident_name(one.name)));
    if (!pss) {
      return std::nullopt;
    }
    sum += *pss;
  }
  return running.empty() ? std::nullopt : std::optional(sum);
}

void end_all(Study& study, const std::vector<Instance>& running) {
  for (const Instance& one : running) {
    if (auto gone = study.end(one); !gone) {
      study.say(gone.error().message());
    }
  }
}

/// Ending them takes time, too, which is left for it: for a container as much as its start, because
/// its control groups are looked for among those of all others; for a machine a third of it.
MonoNs time_to_end(Shape shape, MonoNs started_in) {
  return shape == Shape::container ? started_in : started_in / 3;
}

/// Starts one after the other until something says stop.
Reached fill(Study& study, Shape shape, Deadline until, std::uint64_t free_before) {
  Reached reached;
  const StudyOptions& options = study.options();
  reached.allowed =
      static_cast<std::uint64_t>(static_cast<double>(free_before) * options.memory_share);
  const char* image = shape == Shape::container ? "frr-bookworm" : "frr-vm-bookworm";
  std::vector<Instance> running;
  const MonoNs began = mono_now();
  for (;;) {
    const MonoNs now = mono_now();
    const auto free = available_memory().value_or(free_before);
    if (free_before > free && free_before - free >= reached.allowed) {
      reached.by_memory = true;
      reached.stopped_by = fmt::format("memory: {} of {} free were allowed",
                                       shown(static_cast<double>(reached.allowed), "bytes"),
                                       shown(static_cast<double>(free_before), "bytes"));
    } else if (study.interrupt().came() || now + time_to_end(shape, now - began) >= until.at()) {
      reached.stopped_by = fmt::format("time: after {:.0f} s", to_s(now - began));
    } else if (options.most_instances != 0 && running.size() >= options.most_instances) {
      reached.stopped_by =
          fmt::format("the number that was asked for ({})", options.most_instances);
    }
    if (!reached.stopped_by.empty()) {
      break;
    }
    auto up = study.start(shape, image);
    if (!up) {
      reached.why_not = up.error().what();
      reached.stopped_by = "the machine: " + reached.why_not;
      break;
    }
    running.push_back(std::move(*up));
    if (running.size() % 10 == 0) {
      study.say(fmt::format("{} {} run", running.size(), name_of(shape)));
    }
  }
  reached.count = static_cast<unsigned>(running.size());
  if (shape == Shape::machine && !running.empty()) {
    reached.accelerator = accelerator_of(resident_name(running.front().name));
  }
  reached.pss = pss_of_all(running);
  if (const auto free = available_memory(); free && *free < free_before) {
    reached.taken = free_before - *free;
  }
  study.say(fmt::format("{} {} ran at once; stopped by {}", reached.count, name_of(shape),
                        reached.stopped_by));
  end_all(study, running);
  return reached;
}

Side per_instance(const Reached& reached, const std::optional<std::uint64_t>& bytes,
                  const std::string& how) {
  if (reached.count == 0 || !bytes) {
    return not_measured(reached.count == 0 ? "none came up: " + reached.why_not
                                           : "their processes do not say it");
  }
  return median({static_cast<double>(*bytes) / reached.count}, how, "");
}

/// What the memory that was allowed would hold, at what each of those that ran takes.
Side extrapolate(const Reached& reached) {
  if (reached.by_memory) {
    Side side = median({static_cast<double>(reached.count)}, "reached", "");
    side.text = "reached";
    return side;
  }
  if (reached.count == 0 || !reached.pss || *reached.pss == 0) {
    return not_measured("the memory of one is not known");
  }
  const double each = static_cast<double>(*reached.pss) / reached.count;
  Side side = median({std::floor(static_cast<double>(reached.allowed) / each)},
                     fmt::format("{} over the memory of one (PSS)",
                                 shown(static_cast<double>(reached.allowed), "bytes")),
                     "");
  side.extrapolated = true;
  return side;
}

ordered_json known(const std::optional<std::uint64_t>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

}  // namespace

void measure_instances(Study& study, Row& row) {
  Figure count{"ran at once", "instances", {}, {}};
  Figure pss{"memory of each (PSS)", "bytes", {}, {}};
  Figure taken{"memory that was less free, for each", "bytes", {}, {}};
  Figure would{"would fit into the memory that was allowed", "instances", {}, {}};
  const std::array<Figure*, 4> all{&pss, &count, &would, &taken};
  ordered_json kept = ordered_json::array();
  const auto free_before = available_memory();
  const MonoNs whole = study.until().at() - mono_now();
  for (const Shape shape : {Shape::container, Shape::machine}) {
    if (!study.wants(shape) || !free_before || study.interrupt().came()) {
      const Side none = !study.wants(shape) ? Study::not_wanted()
                        : !free_before ? not_measured("/proc/meminfo does not say what is free")
                                       : not_measured(study.why_stopped());
      for (Figure* figure : all) {
        figure->side(shape) = none;
      }
      continue;
    }
    // Containers have two fifths of the row's time, machines what is left of it.
    const bool both = study.wants(Shape::container) && study.wants(Shape::machine);
    const Deadline until = shape == Shape::container && both
                               ? Deadline::in(std::chrono::nanoseconds(whole * 2 / 5))
                               : study.until();
    const Reached reached = fill(study, shape, until, available_memory().value_or(*free_before));
    count.side(shape) =
        reached.count == 0
            ? not_measured("none came up: " +
                           (reached.why_not.empty() ? reached.stopped_by : reached.why_not))
            : median({static_cast<double>(reached.count)},
                     "FRR without neighbours, started one after the other", "");
    if (reached.count != 0) {
      count.side(shape).text = "stopped by " + reached.stopped_by;
    }
    pss.side(shape) = per_instance(reached, reached.pss, "smaps_rollup of all that ran");
    taken.side(shape) = per_instance(reached, reached.taken, "MemAvailable before and with all");
    would.side(shape) = extrapolate(reached);
    kept.push_back({{"side", name_of(shape)},
                    {"count", reached.count},
                    {"stopped_by", reached.stopped_by},
                    {"allowed_bytes", reached.allowed},
                    {"pss_bytes", known(reached.pss)},
                    {"less_free_bytes", known(reached.taken)}});
    for (Figure* figure : all) {
      figure->side(shape).accelerator = reached.accelerator;
    }
  }
  const std::string evidence = study.keep("instances.json", kept);
  for (Figure* figure : all) {
    for (Side* side : {&figure->containers, &figure->vms}) {
      side->evidence = side->measured() ? evidence : "";
    }
    row.figures.push_back(std::move(*figure));
  }
  row.notes.emplace_back(
      "A count that time stopped is how many came up in that time, not how many fit. What was less "
      "free is the whole machine's, with all else that ran on it.");
}

}  // namespace issu::compare
