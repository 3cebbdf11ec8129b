#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "issu/drill/outcome.hpp"
#include "issu/drill/soak_figures.hpp"
#include "issu/drill/text_table.hpp"

namespace issu::drill {
namespace {

using nlohmann::json;

/// A figure by its path, "-" where it was not measured.
std::string figure(const json& document, const std::string& pointer, int decimals) {
  const json::json_pointer place(pointer);
  if (!document.contains(place) || !document[place].is_number()) {
    return "-";
  }
  return fmt::format("{:.{}f}", document[place].get<double>(), decimals);
}

std::string word(const json& document, const char* key) {
  return document.is_object() && document.contains(key) && document[key].is_string()
             ? document[key].get<std::string>()
             : "-";
}

std::string withdrawn(const json& document) {
  const json::json_pointer place("/control_plane/sessions");
  if (!document.contains(place) || !document[place].is_array()) {
    return "-";
  }
  std::uint64_t sum = 0;
  for (const json& session : document[place]) {
    if (!session.contains("routes_withdrawn") || !session["routes_withdrawn"].is_number()) {
      return "-";
    }
    sum += session["routes_withdrawn"].get<std::uint64_t>();
  }
  return std::to_string(sum);
}

std::vector<std::string> row_of(const UpgradeRun& upgrade) {
  json document = json::parse(upgrade.document, nullptr, false);
  if (!document.is_object()) {
    document = json::object();
  }
  return {upgrade.step,
          word(document, "from") + " -> " + word(document, "to"),
          word(document, "outcome"),
          figure(document, "/data_plane/lost", 0),
          figure(document, "/data_plane/sent", 0),
          figure(document, "/data_plane/rate_pps", 0),
          figure(document, "/control_plane/dark_ms", 0),
          figure(document, "/npu/routes_before", 0),
          figure(document, "/npu/deleted_while_dark", 0),
          withdrawn(document)};
}

/// "PASSED", "FAILED", "FLAKY: passed at attempt 2"
std::string verdict(const DrillOutcome& outcome) {
  if (outcome.flaky) {
    return fmt::format("FLAKY{}, passed at attempt {} only,", outcome.passed() ? "" : " and FAILED",
                       outcome.attempt);
  }
  return outcome.passed() ? "PASSED" : "FAILED";
}

/// What an earlier attempt failed in.
std::string earlier_attempt(const DrillOutcome& attempt) {
  std::string text =
      fmt::format("\n  attempt {} failed after {:.0f} s:\n", attempt.attempt, attempt.seconds);
  for (const Judgement& judgement : attempt.judgements) {
    if (!judgement.passed) {
      text += fmt::format("    {}: expected {}, got {}{}\n", judgement.what, judgement.expected,
                          judgement.got,
                          judgement.evidence.empty() ? "" : ", see " + judgement.evidence.string());
    }
  }
  return text;
}

}  // namespace

std::string to_table(const DrillOutcome& outcome) {
  std::string text = fmt::format(
      "\n{}{}{}: {} in {:.0f} s\n", outcome.scenario, outcome.run.empty() ? "" : ", " + outcome.run,
      outcome.about.empty() ? "" : " (" + outcome.about + ")", verdict(outcome), outcome.seconds);
  if (!outcome.upgrades.empty()) {
    Rows rows{{"upgrade", "versions", "outcome", "lost", "of packets", "at pps", "dark ms",
               "routes", "deleted", "withdrawn"}};
    for (const UpgradeRun& upgrade : outcome.upgrades) {
      rows.push_back(row_of(upgrade));
    }
    text += "\n" + text_table(rows) + dark_text(outcome.upgrades);
  }
  Rows rows{{"", "expectation", "expected", "got"}};
  for (const Judgement& judgement : outcome.judgements) {
    rows.push_back(
        {judgement.passed ? "ok" : "FAILED", judgement.what, judgement.expected, judgement.got});
  }
  text += "\n" + text_table(rows);
  for (const Judgement& judgement : outcome.judgements) {
    if (!judgement.passed && !judgement.evidence.empty()) {
      text += "\n  " + judgement.what + ": see " + judgement.evidence.string();
    }
  }
  for (const DrillOutcome& attempt : outcome.earlier) {
    text += earlier_attempt(attempt);
  }
  for (const Soak& soak : outcome.soaks) {
    text += "\n" + soak_text(to_json(soak, figures_of(soak, outcome.upgrades)));
  }
  return text + "\n";
}

}  // namespace issu::drill
