#include <nlohmann/json.hpp>

#include "issu/drill/outcome.hpp"
#include "issu/drill/soak_figures.hpp"

namespace issu::drill {
namespace {

using nlohmann::ordered_json;

ordered_json document_of(const DrillOutcome& outcome) {
  ordered_json document{{"scenario", outcome.scenario},
                        {"passed", outcome.passed()},
                        {"attempt", outcome.attempt},
                        {"flaky", outcome.flaky}};
  if (!outcome.run.empty()) {
    document["run"] = outcome.run;
  }
  document["labels"] = outcome.labels;
  if (outcome.cell) {
    document["cell"] = {{"matrix", outcome.cell->matrix},
                        {"from", outcome.cell->from},
                        {"to", outcome.cell->to},
                        {"backend", outcome.cell->backend}};
  }
  document["about"] = outcome.about;
  document["started"] = outcome.started;
  document["seconds"] = outcome.seconds;
  // That of a drill that passed is taken away with its lab.
  const auto there_is = [&](const Judgement& judgement) {
    return !judgement.evidence.empty() && !outcome.passed();
  };
  document["expectations"] = ordered_json::array();
  for (const Judgement& judgement : outcome.judgements) {
    document["expectations"].push_back(
        {{"what", judgement.what},
         {"expected", judgement.expected},
         {"got", judgement.got},
         {"passed", judgement.passed},
         {"evidence", there_is(judgement) ? ordered_json(judgement.evidence.string())
                                          : ordered_json(nullptr)}});
  }
  document["upgrades"] = ordered_json::array();
  for (const UpgradeRun& upgrade : outcome.upgrades) {
    auto result = ordered_json::parse(upgrade.document, nullptr, false);
    document["upgrades"].push_back(result.is_object() ? std::move(result) : ordered_json(nullptr));
  }
  for (const Soak& soak : outcome.soaks) {
    document["soaks"].push_back(to_json(soak, figures_of(soak, outcome.upgrades)));
  }
  for (const DrillOutcome& each : outcome.earlier) {
    document["earlier"].push_back(document_of(each));
  }
  return document;
}

}  // namespace

std::string to_json(const DrillOutcome& outcome) {
  return document_of(outcome).dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace issu::drill
