#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "issu/drill/outcome.hpp"

namespace issu::drill {
namespace {

using nlohmann::json;
using Rows = std::vector<std::vector<std::string>>;

/// Characters, not bytes: what a terminal counts.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

/// Columns as wide as their widest cell; the first row is the head.
std::string table(const Rows& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += " " + row[i];
      if (i + 1 < row.size()) {
        line += std::string(widths[i] - width_of(row[i]) + 1, ' ');
      }
    }
    text += line + "\n";
  }
  return text;
}

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

}  // namespace

std::string to_table(const DrillOutcome& outcome) {
  std::string text = fmt::format("\n{}{}{}: {} in {:.0f} s\n", outcome.scenario,
                                 outcome.label.empty() ? "" : ", " + outcome.label,
                                 outcome.about.empty() ? "" : " (" + outcome.about + ")",
                                 outcome.passed() ? "PASSED" : "FAILED", outcome.seconds);
  if (!outcome.upgrades.empty()) {
    Rows rows{{"upgrade", "versions", "outcome", "lost", "of packets", "at pps", "dark ms",
               "routes", "deleted", "withdrawn"}};
    for (const UpgradeRun& upgrade : outcome.upgrades) {
      rows.push_back(row_of(upgrade));
    }
    text += "\n" + table(rows) + dark_text(outcome.upgrades);
  }
  Rows rows{{"", "expectation", "expected", "got"}};
  for (const Judgement& judgement : outcome.judgements) {
    rows.push_back(
        {judgement.passed ? "ok" : "FAILED", judgement.what, judgement.expected, judgement.got});
  }
  text += "\n" + table(rows);
  for (const Judgement& judgement : outcome.judgements) {
    if (!judgement.passed && !judgement.evidence.empty()) {
      text += "\n  " + judgement.what + ": see " + judgement.evidence.string();
    }
  }
  return text + "\n";
}

}  // namespace issu::drill
