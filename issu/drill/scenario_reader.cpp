#include <algorithm>
#include <system_error>

#include "issu/config/address.hpp"
#include "issu/config/toml_reader.hpp"
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
    } else if (const auto* archive = std::get_if<ArchiveStep>(&step.what)) {
      add_once(images, archive->image);
    } else if (const auto* repeat = std::get_if<RepeatStep>(&step.what)) {
      add_images(repeat->steps, images);
    }
  }
}

}  // namespace

std::vector<std::string> images_of(const Scenario& scenario) {
  std::vector<std::string> images;
  add_once(images, scenario.lab.image);
  add_images(scenario.steps, images);
  return images;
}

Result<Scenario> load_scenario(const std::filesystem::path& file) {
  auto document = config::read_toml(file);
  if (!document) {
    return fail(std::move(document).error());
  }
  Scenario scenario;
  std::error_code error;
  scenario.file = std::filesystem::absolute(file, error).lexically_normal();
  config::Problems problems(file.string());
  config::StrictTable root(*document, "", problems);
  scenario.name = root.text("name", file.stem().string());
  if (auto good = config::check_netns_name(scenario.name); !good) {
    root.refuse("name", good.error().what(), good.error().hint());
  }
  scenario.about = root.text("about");
  read_lab(root, scenario.lab);
  read_steps(root, scenario.steps);
  read_expectations(root, scenario);
  root.finish();
  if (auto good = problems.result(); !good) {
    return fail(std::move(good).error());
  }
  return scenario;
}

}  // namespace issu::drill
