#include <algorithm>
#include <system_error>

#include "issu/config/address.hpp"
#include "issu/config/toml_reader.hpp"
#include "issu/drill/labels.hpp"
#include "issu/drill/matrix_reader.hpp"
#include "issu/drill/readers.hpp"

namespace issu::drill {
namespace {

void add_once(std::vector<std::string>& images, const std::string& image) {
  if (!image.empty() && std::find(images.begin(), images.end(), image) == images.end()) {
    images.push_back(image);
  }
}

void add_images(const std::vector<Step>& steps, std::vector<std::string>& images) {
  for (const Step& step : steps) {
    if (const auto* upgrade = std::get_if<UpgradeStep>(&step.what)) {
      add_once(images, upgrade->image);
    } else if (const auto* walk = std::get_if<WalkStep>(&step.what)) {
      add_once(images, walk->image);
      add_once(images, walk->back);
    } else if (const auto* soak = std::get_if<SoakStep>(&step.what)) {
      add_once(images, soak->image);
      add_once(images, soak->back);
    } else if (const auto* archive = std::get_if<ArchiveStep>(&step.what)) {
      add_once(images, archive->image);
    } else if (const auto* repeat = std::get_if<RepeatStep>(&step.what)) {
      add_images(repeat->steps, images);
    }
  }
}

bool apply_to(const SoakWords& words, std::vector<Step>& steps) {
  bool any = false;
  for (Step& step : steps) {
    if (auto* soak = std::get_if<SoakStep>(&step.what)) {
      soak->times = words.times.value_or(soak->times);
      soak->seed = words.seed.value_or(soak->seed);
      any = true;
    } else if (auto* repeat = std::get_if<RepeatStep>(&step.what)) {
      any = apply_to(words, repeat->steps) || any;
    }
  }
  return any;
}

Result<Scenario> read_scenario(const ExpandedCell& cell, const std::filesystem::path& file) {
  Scenario scenario;
  std::error_code error;
  scenario.file = std::filesystem::absolute(file, error).lexically_normal();
  config::Problems problems(file.string());
  config::StrictTable root(cell.document, "", problems);
  scenario.name = root.text("name", file.stem().string());
  if (cell.cell) {
    scenario.cell = cell.cell;
    scenario.cell->matrix = scenario.name;
    scenario.name += cell.suffix;
  }
  if (auto good = config::check_netns_name(scenario.name); !good) {
    root.refuse("name", good.error().what(), good.error().hint());
  }
  scenario.about = root.text("about");
  if (root.has("beside_others")) {
    scenario.beside_others = root.boolean("beside_others", false);
  }
  read_lab(root, scenario.lab);
  read_labels(root, scenario);
  read_steps(root, scenario.steps);
  read_expectations(root, scenario);
  root.finish();
  if (auto good = problems.result(); !good) {
    return fail(std::move(good).error());
  }
  return scenario;
}

}  // namespace

std::vector<std::string> images_of(const Scenario& scenario) {
  std::vector<std::string> images;
  add_once(images, scenario.lab.image);
  add_images(scenario.steps, images);
  return images;
}

bool apply(const SoakWords& words, Scenario& scenario) {
  return apply_to(words, scenario.steps);
}

Result<std::vector<Scenario>> load_scenarios(const std::filesystem::path& file) {
  auto document = config::read_toml(file);
  if (!document) {
    return fail(std::move(document).error());
  }
  auto cells = expand_matrix(*document, file.string());
  if (!cells) {
    return fail(std::move(cells).error());
  }
  std::vector<Scenario> scenarios;
  for (const ExpandedCell& cell : *cells) {
    auto scenario = read_scenario(cell, file);
    // What is wrong with one cell is wrong with the next, too.
    if (!scenario) {
      return fail(std::move(scenario).error());
    }
    scenarios.push_back(std::move(*scenario));
  }
  return scenarios;
}

Result<Scenario> load_scenario(const std::filesystem::path& file) {
  auto scenarios = load_scenarios(file);
  if (!scenarios) {
    return fail(std::move(scenarios).error());
  }
  if (scenarios->size() != 1) {
    return fail(file.string() + " has a matrix: it is several drills", "name a file of one",
                ErrorKind::refused);
  }
  return std::move(scenarios->front());
}

}  // namespace issu::drill
