#include <array>

#include "issu/compare/rows.hpp"

namespace issu::compare {
namespace {

using nlohmann::ordered_json;

struct System {
  const char* name;
  const char* suite;
  const char* container;  ///< image; empty: there is none
  const char* machine;
};

constexpr std::array<System, 3> linux_native{{
    {"FRR of Debian 12", "frr", "frr-bookworm", "frr-vm-bookworm"},
    {"FRR of Debian 13", "frr", "frr-trixie", "frr-vm-trixie"},
    {"BIRD of Debian 12", "bird", "bird-bookworm", ""},
}};
constexpr const char* vendor_image = "frr-vm-foreign-bookworm";

/// What came of one system in one shape.
struct Tried {
  Side side;
  bool ran = false;
};

Tried try_system(Study& study, Shape shape, const System& system) {
  const std::string image = shape == Shape::container ? system.container : system.machine;
  if (image.empty()) {
    return {not_measured("there is no disk with it among the images"), false};
  }
  auto up = study.start(shape, image, system.suite);
  if (!up) {
    return {not_measured("it did not come up: " + up.error().what()), false};
  }
  const Side side = said("runs: " + up->version + " answered", "started " + image);
  if (auto gone = study.end(*up); !gone) {
    study.say(gone.error().message());
  }
  return {side, true};
}

/// A disk with its own kernel and boot loader, which takes no orders from anybody.
Tried try_vendor_in_container(Study& study) {
  auto up = study.start(Shape::container, vendor_image);
  if (!up) {
    return {said("refused: " + up.error().what(), std::string("tried to start ") + vendor_image),
            false};
  }
  (void)study.end(*up);
  return {said("runs: " + up->version, std::string("started ") + vendor_image), true};
}

Tried try_vendor_in_machine(Study& study) {
  auto scenario = study.scenario(facts_of(LabKind::vm_standby));
  if (!scenario) {
    return {not_measured(scenario.error().what()), false};
  }
  scenario->lab.agent = false;
  scenario->lab.image = vendor_image;
  auto lab = study.build(scenario->lab);
  if (!lab) {
    return {not_measured(lab.error().what()), false};
  }
  if (auto gone = lab->take_away(); !gone) {
    study.say(gone.error().message());
  }
  return {said("runs: it has its sessions and " + std::to_string(lab_routes) + " routes",
               "a lab with two neighbours, told nothing but a configuration disk"),
          true};
}

}  // namespace

void measure_systems(Study& study, Row& row) {
  ordered_json kept = ordered_json::array();
  double ran[2] = {0, 0};
  unsigned compared = 0;
  bool all_measured[2] = {true, true};
  const auto add = [&](const char* name, const auto& try_it, bool counts) {
    Figure figure{name, "", {}, {}};
    for (const Shape shape : {Shape::container, Shape::machine}) {
      const std::size_t at = shape == Shape::machine ? 1 : 0;
      Tried tried{Study::not_wanted(), false};
      if (study.wants(shape)) {
        tried = study.interrupt().came() ? Tried{not_measured(study.why_stopped()), false}
                                         : try_it(shape);
      }
      ran[at] += counts && tried.ran ? 1 : 0;
      all_measured[at] = all_measured[at] && (!counts || tried.side.measured());
      kept.push_back({{"system", name},
                      {"side", name_of(shape)},
                      {"ran", tried.ran},
                      {"said", tried.side.measured() ? tried.side.text : tried.side.why_not}});
      figure.side(shape) = std::move(tried.side);
    }
    compared += counts ? 1 : 0;
    row.figures.push_back(std::move(figure));
  };
  for (const System& system : linux_native) {
    add(
        system.name, [&](Shape shape) { return try_system(study, shape, system); },
        *system.machine != '\0');
  }
  add(
      "a disk with a kernel of its own, as another vendor's",
      [&](Shape shape) {
        return shape == Shape::container ? try_vendor_in_container(study)
                                         : try_vendor_in_machine(study);
      },
      true);
  Figure count{
      "ran, of " + std::to_string(compared) + " that are there for both", "systems", {}, {}};
  for (const Shape shape : {Shape::container, Shape::machine}) {
    const std::size_t at = shape == Shape::machine ? 1 : 0;
    if (!study.wants(shape)) {
      count.side(shape) = Study::not_wanted();
    } else if (!all_measured[at]) {
      count.side(shape) = not_measured("not each of them could be tried");
    } else {
      count.side(shape) = median({ran[at]}, "counted above", "");
    }
  }
  row.figures.push_back(std::move(count));
  const std::string evidence = study.keep("systems.json", kept);
  for (Figure& figure : row.figures) {
    for (Side* side : {&figure.containers, &figure.vms}) {
      side->evidence = side->measured() ? evidence : "";
    }
  }
  row.notes.emplace_back(
      "Tried are images of free software: the vendor's stands for any that brings its own kernel "
      "and takes no orders.");
}

}  // namespace issu::compare
