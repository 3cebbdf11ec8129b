#include "issu/compare/memory.hpp"
#include "issu/compare/rows.hpp"

namespace issu::compare {
namespace {

using nlohmann::ordered_json;

struct Memory {
  std::vector<double> pss;
  std::vector<double> rss;
  std::string why_not;
  std::string accelerator;
};

ordered_json residents_json(const std::vector<Resident>& residents) {
  ordered_json list = ordered_json::array();
  for (const Resident& one : residents) {
    list.push_back({{"process", one.name},
                    {"pss_bytes", one.pss ? ordered_json(*one.pss) : ordered_json(nullptr)},
                    {"rss_bytes", one.rss ? ordered_json(*one.rss) : ordered_json(nullptr)}});
  }
  return list;
}

void measure_once(Study& study, Shape shape, Memory& memory, ordered_json& kept) {
  const LabFacts& facts =
      facts_of(shape == Shape::container ? LabKind::container_restart : LabKind::vm_standby);
  auto scenario = study.scenario(facts);
  if (!scenario) {
    memory.why_not = scenario.error().what();
    return;
  }
  auto lab = study.build(scenario->lab);
  if (!lab) {
    memory.why_not = lab.error().what();
    return;
  }
  const std::string name = resident_name(lab->layout().id);
  const std::vector<Resident> residents = residents_of(name);
  if (shape == Shape::machine) {
    memory.accelerator = accelerator_of(name);
  }
  kept.push_back({{"side", name_of(shape)}, {"residents", residents_json(residents)}});
  if (const auto pss = pss_of(residents)) {
    memory.pss.push_back(static_cast<double>(*pss));
    double rss = 0;
    for (const Resident& one : residents) {
      rss += static_cast<double>(one.rss.value_or(0));
    }
    memory.rss.push_back(rss);
  } else {
    memory.why_not = "its processes were not found, or do not say their memory";
  }
  if (auto gone = lab->take_away(); !gone) {
    study.say(gone.error().message());
  }
}

}  // namespace

void measure_memory(Study& study, Row& row) {
  ordered_json kept = ordered_json::array();
  Memory memory[2];
  Turns turns = study.turns(study.options().runs);
  while (turns.next()) {
    for (const Shape shape : {Shape::container, Shape::machine}) {
      if (study.wants(shape) && !study.interrupt().came()) {
        measure_once(study, shape, memory[shape == Shape::machine], kept);
      }
    }
  }
  const std::string evidence = study.keep("memory.json", kept);
  Figure pss{"a router with " + std::to_string(lab_routes) + " routes (PSS)", "bytes", {}, {}};
  Figure rss{"the same, what is shared counted whole (RSS)", "bytes", {}, {}};
  for (const Shape shape : {Shape::container, Shape::machine}) {
    const Memory& one = memory[shape == Shape::machine];
    const std::string why = one.why_not.empty() ? study.why_stopped() : one.why_not;
    const std::string how = shape == Shape::container
                                ? "smaps_rollup of all processes of the container, its monitor too"
                                : "smaps_rollup of QEMU";
    const bool wanted = study.wants(shape);
    pss.side(shape) = wanted ? median(one.pss, how, why) : Study::not_wanted();
    rss.side(shape) = wanted ? median(one.rss, how, why) : Study::not_wanted();
    for (Figure* figure : {&pss, &rss}) {
      figure->side(shape).accelerator = one.accelerator;
      figure->side(shape).evidence = figure->side(shape).measured() ? evidence : "";
    }
  }
  row.figures = {std::move(pss), std::move(rss)};
  row.notes.emplace_back(
      "A virtual machine may take up to the memory that it was given (512 MiB); "
      "QEMU under TCG holds its translations beside that.");
}

}  // namespace issu::compare
