#include "issu/drill/outcome_wire.hpp"

#include <nlohmann/json.hpp>

namespace issu::drill {
namespace {

using nlohmann::json;

json packed(const Judgement& judgement) {
  return {{"what", judgement.what},
          {"expected", judgement.expected},
          {"got", judgement.got},
          {"passed", judgement.passed},
          {"evidence", judgement.evidence.string()},
          {"is_error", judgement.is_error}};
}

json packed(const UpgradeRun& upgrade) {
  return {{"step", upgrade.step},
          {"exit_code", upgrade.exit_code},
          {"document", upgrade.document},
          {"evidence", upgrade.evidence.string()},
          {"killed_after", upgrade.killed_after}};
}

Judgement judgement_of(const json& text) {
  return {text.value("what", ""),      text.value("expected", ""), text.value("got", ""),
          text.value("passed", false), text.value("evidence", ""), text.value("is_error", false)};
}

UpgradeRun upgrade_of(const json& text) {
  return {text.value("step", ""), text.value("exit_code", 0), text.value("document", ""),
          text.value("evidence", ""), text.value("killed_after", 0U)};
}

}  // namespace

std::string pack(const DrillOutcome& outcome) {
  json text{{"scenario", outcome.scenario}, {"about", outcome.about},
            {"run", outcome.run},           {"labels", outcome.labels},
            {"started", outcome.started},   {"seconds", outcome.seconds},
            {"attempt", outcome.attempt}};
  if (outcome.cell) {
    text["cell"] = {{"matrix", outcome.cell->matrix},
                    {"from", outcome.cell->from},
                    {"to", outcome.cell->to},
                    {"backend", outcome.cell->backend}};
  }
  for (const char* list : {"judgements", "upgrades", "soaks"}) {
    text[list] = json::array();
  }
  for (const Judgement& judgement : outcome.judgements) {
    text["judgements"].push_back(packed(judgement));
  }
  for (const UpgradeRun& upgrade : outcome.upgrades) {
    text["upgrades"].push_back(packed(upgrade));
  }
  for (const Soak& soak : outcome.soaks) {
    text["soaks"].push_back({{"step", soak.step}, {"seed", soak.seed}});
  }
  return text.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<DrillOutcome> unpack(const std::string& packed_text) {
  const json text = json::parse(packed_text, nullptr, false);
  if (!text.is_object() || !text.contains("judgements")) {
    return fail("what came of the drill was not told to its end");
  }
  DrillOutcome outcome;
  outcome.scenario = text.value("scenario", "");
  outcome.about = text.value("about", "");
  outcome.run = text.value("run", "");
  outcome.labels = text.value("labels", std::vector<std::string>{});
  outcome.started = text.value("started", "");
  outcome.seconds = text.value("seconds", 0.0);
  outcome.attempt = text.value("attempt", 1U);
  if (const auto cell = text.find("cell"); cell != text.end()) {
    outcome.cell = Cell{cell->value("matrix", ""), cell->value("from", ""), cell->value("to", ""),
                        cell->value("backend", "")};
  }
  for (const json& each : text["judgements"]) {
    outcome.judgements.push_back(judgement_of(each));
  }
  for (const json& each : text.value("upgrades", json::array())) {
    outcome.upgrades.push_back(upgrade_of(each));
  }
  for (const json& each : text.value("soaks", json::array())) {
    outcome.soaks.push_back({each.value("step", ""), each.value("seed", std::uint64_t{0})});
  }
  return outcome;
}

}  // namespace issu::drill
