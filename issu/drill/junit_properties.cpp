#include "issu/drill/junit_properties.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "issu/drill/soak_figures.hpp"
#include "issu/report/figures.hpp"
#include "issu/report/html.hpp"

namespace issu::drill {
namespace {

using nlohmann::ordered_json;

class Properties {
 public:
  void add(const std::string& name, const std::string& value) {
    fmt::format_to(std::back_inserter(list_), "      <property name=\"{}\" value=\"{}\"/>\n",
                   report::escaped(name), report::escaped(value));
  }
  [[nodiscard]] std::string xml() const {
    return "    <properties>\n" + list_ + "    </properties>\n";
  }

 private:
  std::string list_;
};

/// An upgrade's key figures, in the order of the file: what a dashboard wants to read.
void add_upgrade(Properties& properties, const UpgradeRun& upgrade, std::size_t number) {
  const std::string prefix = fmt::format("upgrade.{}.", number);
  const auto document = ordered_json::parse(upgrade.document, nullptr, false);
  properties.add(prefix + "step", upgrade.step);
  properties.add(prefix + "exit_code", std::to_string(upgrade.exit_code));
  if (!document.is_object()) {
    properties.add(prefix + "outcome", "no result");
    return;
  }
  const auto data = report::object_of(document, "data_plane");
  const auto control = report::object_of(document, "control_plane");
  for (const char* key : {"from", "to", "outcome"}) {
    properties.add(prefix + key, report::text_of(document, key));
  }
  properties.add(prefix + "lost_frames", report::figure(data, "lost"));
  properties.add(prefix + "sent_frames", report::figure(data, "sent"));
  properties.add(prefix + "longest_gap_ms", report::figure(data, "longest_gap_ms", "", 3));
  properties.add(prefix + "dark_ms", report::figure(control, "dark_ms", "", 1));
  properties.add(prefix + "routes_withdrawn", report::withdrawn_routes(control));
}

void add_soak(Properties& properties, const ordered_json& soak, std::size_t number) {
  const std::string prefix = fmt::format("soak.{}.", number);
  properties.add(prefix + "seed", fmt::format("{:.0f}", report::number_of(soak, "seed")));
  for (const char* key : {"upgrades", "committed", "rolled_back", "killed"}) {
    properties.add(prefix + key, report::figure(soak, key));
  }
  for (const char* key : {"dark_ms", "dark_ms_killed", "lost"}) {
    for (const char* each : {"p50", "p90", "p99", "max"}) {
      properties.add(fmt::format("{}{}.{}", prefix, key, each),
                     report::figure(report::object_of(soak, key), each));
    }
  }
}

}  // namespace

std::string junit_properties(const DrillOutcome& outcome) {
  Properties properties;
  if (!outcome.run.empty()) {
    properties.add("run", outcome.run);
  }
  for (const std::string& label : outcome.labels) {
    properties.add("label", label);
  }
  properties.add("attempts", std::to_string(outcome.attempt));
  properties.add("flaky", outcome.flaky ? "true" : "false");
  for (const DrillOutcome& attempt : outcome.earlier) {
    const auto failed = std::count_if(attempt.judgements.begin(), attempt.judgements.end(),
                                      [](const Judgement& judgement) { return !judgement.passed; });
    properties.add(fmt::format("attempt.{}.failed", attempt.attempt), std::to_string(failed));
    properties.add(fmt::format("attempt.{}.seconds", attempt.attempt),
                   fmt::format("{:.3f}", attempt.seconds));
  }
  std::size_t number = 0;
  for (const Soak& soak : outcome.soaks) {
    add_soak(properties, to_json(soak, figures_of(soak, outcome.upgrades)), ++number);
  }
  number = 0;
  for (const UpgradeRun& upgrade : outcome.upgrades) {
    add_upgrade(properties, upgrade, ++number);
  }
  return properties.xml();
}

}  // namespace issu::drill
