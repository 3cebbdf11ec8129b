#include "issu/compare/compare.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>

#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"
#include "issu/base/reasons.hpp"
#include "issu/compare/rows.hpp"

namespace issu::compare {
namespace {

namespace fs = std::filesystem;

constexpr double most_minutes = 24 * 60;
constexpr unsigned most_runs = 100;

bool is_asked(const StudyOptions& options, const std::string& id) {
  return options.only.empty() ||
         std::find(options.only.begin(), options.only.end(), id) != options.only.end();
}

/// What is the same on both sides, for the reader.
std::vector<std::pair<std::string, std::string>> subject() {
  return {
      {"router",
       "FRR 8.4.4 of Debian 12 and 10.3 of Debian 13: zebra, bgpd, staticd; the same "
       "stripped files in a container and in a virtual machine"},
      {"neighbours", fmt::format("two BIRD, {} routes together, IPv4 and IPv6", lab_routes)},
      {"load",
       fmt::format("{} packets a second, four streams, counted outside the router", lab_pps)},
      {"NPU", "issu-npud with packet rings on both sides"},
  };
}

/// Measures one row; whatever it leaves without a reason gets one.
void measure(Study& study, const RowSpec& spec, Row& row) {
  const MonoNs began = mono_now();
  spec.measure(study, row);
  row.seconds = to_s(mono_now() - began);
  for (Figure& figure : row.figures) {
    for (Side* side : {&figure.containers, &figure.vms}) {
      if (!side->measured() && side->why_not.empty()) {
        side->why_not = study.why_stopped();
      }
    }
  }
}

}  // namespace

std::vector<std::string> row_ids() {
  std::vector<std::string> ids;
  for (const RowSpec& spec : row_specs()) {
    ids.emplace_back(spec.id);
  }
  return ids;
}

Result<void> check_words(const StudyOptions& options) {
  Reasons reasons;
  const std::vector<std::string> known = row_ids();
  const auto refuse = [&](const std::string& what, const std::string& hint) {
    reasons.add(Error(what, hint, ErrorKind::usage));
  };
  for (const std::string& id : options.only) {
    if (std::find(known.begin(), known.end(), id) == known.end()) {
      refuse("there is no row " + id, "one of: " + fmt::format("{}", fmt::join(known, ", ")));
    }
  }
  if (!(options.limit_minutes > 0 && options.limit_minutes <= most_minutes)) {
    refuse(fmt::format("--limit-minutes {:g} is not above 0 and at most {:g}",
                       options.limit_minutes, most_minutes),
           "28 is usual");
  }
  if (options.runs < 1 || options.runs > most_runs) {
    refuse(fmt::format("--runs {} is not 1 to {}", options.runs, most_runs), "3 is usual");
  }
  if (!(options.memory_share > 0 && options.memory_share <= 0.9)) {
    refuse(fmt::format("--memory-share {:g} is not above 0 and at most 0.9", options.memory_share),
           "0.5 is usual");
  }
  return std::move(reasons).result();
}

Result<void> check_study(const StudyOptions& options) {
  Reasons reasons;
  if (::geteuid() != 0) {
    reasons.add("the study starts containers and virtual machines: it needs root",
                "start it as root");
  }
  const fs::path keyring = options.drills.images / "keyring.pem";
  if (std::error_code error; !fs::exists(keyring, error)) {
    reasons.add("there is no keyring " + keyring.string(),
                "scenarios/setup builds the images, or name their folder with --images");
  }
  return std::move(reasons).result();
}

MonoNs share_of(MonoNs left, const std::vector<unsigned>& weights) {
  const auto all = std::accumulate(weights.begin(), weights.end(), 0.0);
  return left <= 0 || weights.empty() || all <= 0
             ? 0
             : static_cast<MonoNs>(static_cast<double>(left) * weights.front() / all);
}

Result<Comparison> compare(const StudyOptions& options, const Makers& makers) {
  ISSU_TRY(check_words(options), "");
  ISSU_TRY(check_study(options), "");
  ISSU_TRY(make_dirs(options.drills.work), "the work folder");
  ISSU_TRY(make_dirs(options.evidence, 0755), "the evidence folder");
  ISSU_TRY(drill::clean_up(options.drills.work, false, options.drills.issu), "before the study");
  ISSU_TRY(give_back_abandoned(options.drills.work, makers), "before the study");

  Comparison comparison;
  comparison.started = iso_time(wall_now());
  comparison.limit_minutes = options.limit_minutes;
  comparison.runs = options.runs;
  comparison.sides = options.shapes;
  comparison.device = options.device;
  comparison.subject = subject();
  comparison.evidence = options.evidence.string();
  std::vector<const RowSpec*> order;
  for (const RowSpec& spec : row_specs()) {
    comparison.rows.push_back({spec.id, spec.title, spec.claim, spec.reference, {}, {}, 0, true});
    comparison.rows.back().asked = is_asked(options, spec.id);
    if (comparison.rows.back().asked) {
      order.push_back(&spec);
    }
  }
  std::sort(order.begin(), order.end(),
            [](const RowSpec* a, const RowSpec* b) { return a->order < b->order; });

  const MonoNs began = mono_now();
  const Deadline end = Deadline::in(
      std::chrono::milliseconds(static_cast<std::int64_t>(options.limit_minutes * 60'000)));
  drill::Interrupt interrupt;
  auto place = Place::make(options.drills.work, makers);
  if (!place) {
    return fail(std::move(place).error());
  }
  Study study(options, *place, interrupt);
  for (std::size_t n = 0; n < order.size(); ++n) {
    std::vector<unsigned> weights;
    for (std::size_t next = n; next < order.size(); ++next) {
      weights.push_back(order[next]->weight);
    }
    const MonoNs share = share_of(end.at() - mono_now(), weights);
    study.begin_row(order[n]->id, Deadline::in(std::chrono::nanoseconds(share)));
    study.say(fmt::format("row {} of {}, {:.0f} s at the most", n + 1, order.size(), to_s(share)));
    const auto row = std::find_if(comparison.rows.begin(), comparison.rows.end(),
                                  [&](const Row& each) { return each.id == order[n]->id; });
    measure(study, *order[n], *row);
    if (interrupt.came() && !interrupt.time_is_up()) {
      break;
    }
  }
  const bool stopped = interrupt.came() && !interrupt.time_is_up();
  if (auto gone = place->give_back(); !gone) {
    return fail(std::move(gone).error());
  }
  if (stopped) {
    return fail("interrupted", "what was measured so far is in " + options.evidence.string());
  }
  comparison.seconds = to_s(mono_now() - began);
  return comparison;
}

}  // namespace issu::compare
