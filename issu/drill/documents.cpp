#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "issu/drill/outcome.hpp"

namespace issu::drill {
namespace {

using nlohmann::ordered_json;

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        // XML 1.0 knows no other control characters.
        safe += (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') ? '?' : c;
    }
  }
  return safe;
}

std::string suite_xml(const DrillOutcome& outcome) {
  std::size_t failures = 0;
  for (const Judgement& judgement : outcome.judgements) {
    failures += judgement.passed ? 0 : 1;
  }
  std::string xml = fmt::format(
      "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"{:.3f}\" "
      "timestamp=\"{}\">\n",
      escaped(outcome.scenario), outcome.judgements.size(), failures, outcome.seconds,
      escaped(outcome.started));
  for (const Judgement& judgement : outcome.judgements) {
    fmt::format_to(std::back_inserter(xml), "    <testcase classname=\"{}\" name=\"{}\"",
                   escaped(outcome.scenario), escaped(judgement.what));
    if (judgement.passed) {
      xml += "/>\n";
      continue;
    }
    fmt::format_to(
        std::back_inserter(xml),
        ">\n      <failure message=\"{}\">expected: {}\ngot: {}\nevidence: {}</failure>\n"
        "    </testcase>\n",
        escaped("expected " + judgement.expected + ", got " + judgement.got),
        escaped(judgement.expected), escaped(judgement.got),
        escaped(judgement.evidence.empty() ? "-" : judgement.evidence.string()));
  }
  return xml + "  </testsuite>\n";
}

}  // namespace

std::string to_json(const DrillOutcome& outcome) {
  ordered_json document{{"scenario", outcome.scenario}, {"passed", outcome.passed()}};
  if (!outcome.label.empty()) {
    document["label"] = outcome.label;
  }
  document["started"] = outcome.started;
  document["seconds"] = outcome.seconds;
  document["expectations"] = ordered_json::array();
  for (const Judgement& judgement : outcome.judgements) {
    document["expectations"].push_back({{"what", judgement.what},
                                        {"expected", judgement.expected},
                                        {"got", judgement.got},
                                        {"passed", judgement.passed}});
  }
  document["upgrades"] = ordered_json::array();
  for (const UpgradeRun& upgrade : outcome.upgrades) {
    auto result = ordered_json::parse(upgrade.document, nullptr, false);
    document["upgrades"].push_back(result.is_object() ? std::move(result) : ordered_json(nullptr));
  }
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string to_junit(const std::vector<DrillOutcome>& outcomes) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const DrillOutcome& outcome : outcomes) {
    xml += suite_xml(outcome);
  }
  return xml + "</testsuites>\n";
}

}  // namespace issu::drill
