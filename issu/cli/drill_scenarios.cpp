#include "issu/cli/drill_scenarios.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>

#include "issu/base/reasons.hpp"

namespace issu::cli {
namespace {

namespace fs = std::filesystem;

/// The .toml files that the words name, a folder's in the order of their names.
Result<std::vector<fs::path>> files_of(const std::vector<std::string>& words) {
  std::vector<fs::path> files;
  for (const std::string& word : words) {
    std::error_code error;
    if (!fs::is_directory(word, error)) {
      files.emplace_back(word);
      continue;
    }
    const auto begin = static_cast<std::ptrdiff_t>(files.size());
    for (const auto& entry : fs::directory_iterator(word, error)) {
      if (entry.path().extension() == ".toml") {
        files.push_back(entry.path());
      }
    }
    std::sort(files.begin() + begin, files.end());
  }
  if (files.empty()) {
    return fail("no scenario was found", "name a file, or a folder with .toml files in it",
                ErrorKind::usage);
  }
  return files;
}

}  // namespace

Result<std::vector<drill::Scenario>> load_scenarios(const std::vector<std::string>& words) {
  auto files = files_of(words);
  if (!files) {
    return fail(std::move(files).error());
  }
  std::vector<drill::Scenario> all;
  Reasons reasons;
  for (const fs::path& file : *files) {
    auto scenarios = drill::load_scenarios(file);
    if (scenarios) {
      std::move(scenarios->begin(), scenarios->end(), std::back_inserter(all));
    } else {
      reasons.add(std::move(scenarios).error());
    }
  }
  std::set<std::string> names;
  for (const drill::Scenario& scenario : all) {
    if (!names.insert(scenario.name).second) {
      reasons.add(scenario.file.string() + ": a drill of the name \"" + scenario.name +
                      "\" is there already",
                  "reports know drills by their names: rename one");
    }
  }
  ISSU_TRY(std::move(reasons).result(), "");
  return all;
}

}  // namespace issu::cli
