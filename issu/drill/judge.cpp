#include "issu/drill/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace issu::drill {
namespace {

using nlohmann::json;

/// Whether an element of a list is meant: by place, or by its name or peer.
bool is_selected(const json& element, std::size_t place, const std::string& selector) {
  if (selector == "*" || selector == std::to_string(place)) {
    return true;
  }
  return element.is_object() &&
         (element.value("name", "") == selector || element.value("peer", "") == selector);
}

/// All values that a dotted path names; null where a field is missing.
std::vector<json> select(const json& value, std::string_view path) {
  if (path.empty()) {
    return {value};
  }
  if (path.front() == '[') {
    const auto end = path.find(']');
    if (end == std::string_view::npos || !value.is_array()) {
      return {json()};
    }
    std::vector<json> all;
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (is_selected(value[i], i, std::string(path.substr(1, end - 1)))) {
        for (json& each : select(value[i], path.substr(end + 1))) {
          all.push_back(std::move(each));
        }
      }
    }
    return all.empty() ? std::vector<json>{json()} : all;
  }
  if (path.front() == '.') {
    path.remove_prefix(1);
  }
  const auto end = path.find_first_of(".[");
  const std::string key(path.substr(0, end));
  if (!value.is_object() || !value.contains(key)) {
    return {json()};
  }
  return select(value[key], end == std::string_view::npos ? "" : path.substr(end));
}

bool holds(const json& value, const Expectation::Bound& bound) {
  const json wanted = json::parse(bound.value);
  if (bound.op == "equals") {
    return value == wanted;
  }
  if (bound.op == "not") {
    return !value.is_null() && value != wanted;
  }
  if (bound.op == "one_of") {
    return std::find(wanted.begin(), wanted.end(), value) != wanted.end();
  }
  if (bound.op == "contains") {
    return value.is_string() &&
           value.get<std::string>().find(wanted.get<std::string>()) != std::string::npos;
  }
  if (!value.is_number()) {
    return false;
  }
  const double number = value.get<double>();
  const double limit = wanted.get<double>();
  return bound.op == "below"      ? number < limit
         : bound.op == "above"    ? number > limit
         : bound.op == "at_least" ? number >= limit
                                  : number <= limit;
}

std::string words_of(const Expectation& expectation) {
  std::string words;
  for (const auto& bound : expectation.bounds) {
    const std::string sign = bound.op == "equals"     ? "="
                             : bound.op == "below"    ? "<"
                             : bound.op == "above"    ? ">"
                             : bound.op == "at_least" ? ">="
                             : bound.op == "at_most"  ? "<="
                             : bound.op == "one_of"   ? "one of"
                             : bound.op == "contains" ? "contains"
                                                      : "not";
    words += (words.empty() ? "" : ", ") + sign + " " + bound.value;
  }
  return words;
}

std::string said(const json& value) {
  return value.is_null()     ? "not measured"
         : value.is_string() ? value.get<std::string>()
                             : value.dump();
}

/// What was seen, in few words: one value, or the smallest and the largest.
std::string summary(const std::vector<json>& values) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  if (*least == *most) {
    return values.size() == 1 ? said(*least)
                              : fmt::format("{} ({} times)", said(*least), values.size());
  }
  return fmt::format("{} to {} ({} values)", said(*least), said(*most), values.size());
}

}  // namespace

Judgement judge(const Expectation& expectation, const std::vector<UpgradeRun>& upgrades) {
  Judgement judgement{
      expectation.what, expectation.path + " " + words_of(expectation), "", true, {}};
  std::vector<json> seen;
  std::vector<std::string> faults;
  std::size_t number = 0;
  for (const UpgradeRun& upgrade : upgrades) {
    ++number;
    if (!expectation.upgrades.empty() && upgrade.step != expectation.upgrades) {
      continue;
    }
    json document = json::parse(upgrade.document, nullptr, false);
    if (!document.is_object()) {
      document = json::object();
    }
    document["exit_code"] = upgrade.exit_code;
    for (const json& value : select(document, expectation.path)) {
      seen.push_back(value);
      const bool good = std::all_of(expectation.bounds.begin(), expectation.bounds.end(),
                                    [&](const auto& bound) { return holds(value, bound); });
      if (!good) {
        faults.push_back(upgrades.size() == 1 ? said(value)
                                              : fmt::format("{} in upgrade {} ({})", said(value),
                                                            number, upgrade.step));
        judgement.evidence = upgrade.evidence;
      }
    }
  }
  judgement.passed = faults.empty() && !seen.empty();
  judgement.got = seen.empty()     ? "no upgrade ran"
                  : faults.empty() ? summary(seen)
                                   : fmt::format("{}", fmt::join(faults, "; "));
  return judgement;
}

}  // namespace issu::drill
