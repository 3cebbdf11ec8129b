#include "issu/drill/labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "issu/base/reasons.hpp"

namespace issu::drill {
namespace {

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// The backend that a label speaks of; empty: of none.
std::string backend_of(const std::string& label) {
  static const std::map<std::string, std::string> backends{
      {"container", "lxc"}, {"vm", "vm"}, {"card", "card"}};
  const auto found = backends.find(label);
  return found == backends.end() ? "" : found->second;
}

/// "ci (3 scenarios), container (4)"
std::string those_there_are(const std::vector<Scenario>& scenarios) {
  std::map<std::string, std::size_t> counts;
  for (const Scenario& scenario : scenarios) {
    for (const std::string& label : scenario.labels) {
      ++counts[label];
    }
  }
  std::vector<std::string> words;
  for (const auto& [label, count] : counts) {
    words.push_back(fmt::format("{} ({})", label, count));
  }
  return words.empty() ? "none of these scenarios has a label"
                       : fmt::format("there are: {}", fmt::join(words, ", "));
}

}  // namespace

const std::vector<std::string>& known_labels() {
  static const std::vector<std::string> labels{"ci",  "nightly",    "container", "vm",   "card",
                                               "npu", "checkpoint", "faults",    "soak", "matrix"};
  return labels;
}

void read_labels(config::StrictTable& document, Scenario& scenario) {
  scenario.labels = document.texts("labels");
  for (const std::string& label : scenario.labels) {
    if (!has(known_labels(), label) && !label.starts_with("x-")) {
      document.refuse(
          "labels", "\"" + label + "\" is not known",
          config::suggestion(label, known_labels()) + " (one of your own begins with \"x-\")");
    }
    if (const std::string backend = backend_of(label);
        !backend.empty() && backend != scenario.lab.backend) {
      document.refuse("labels",
                      "\"" + label + "\", and the lab's backend is " + scenario.lab.backend,
                      "take one away");
    }
  }
  std::vector<std::string> sorted = scenario.labels;
  std::sort(sorted.begin(), sorted.end());
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end()) {
    document.refuse("labels", "\"" + *twice + "\" stands there twice", "take one away");
  }
}

Result<std::vector<Scenario>> with_labels(std::vector<Scenario> scenarios,
                                          const std::vector<std::string>& labels) {
  Reasons reasons;
  for (const std::string& label : labels) {
    if (std::none_of(scenarios.begin(), scenarios.end(),
                     [&](const Scenario& each) { return has(each.labels, label); })) {
      reasons.add("no scenario has the label \"" + label + "\"", those_there_are(scenarios));
    }
  }
  ISSU_TRY(std::move(reasons).result(), "choosing by label");
  const std::string all = those_there_are(scenarios);
  std::erase_if(scenarios, [&](const Scenario& scenario) {
    return !std::all_of(labels.begin(), labels.end(),
                        [&](const std::string& label) { return has(scenario.labels, label); });
  });
  if (scenarios.empty()) {
    return fail(fmt::format("no scenario has all of the labels {}", fmt::join(labels, ", ")), all,
                ErrorKind::refused);
  }
  return scenarios;
}

}  // namespace issu::drill
