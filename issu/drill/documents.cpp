#include <nlohmann/json.hpp>

#include "issu/drill/outcome.hpp"

namespace issu::drill {

using nlohmann::ordered_json;

std::string to_json(const DrillOutcome& outcome) {
  ordered_json document{{"scenario", outcome.scenario}, {"passed", outcome.passed()}};
  if (!outcome.label.empty()) {
    document["label"] = outcome.label;
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
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace issu::drill
