#include "issu/drill/soak_figures.hpp"

#include <fmt/format.h>

#include <numeric>
#include <random>

#include "issu/report/figures.hpp"

namespace issu::drill {
namespace {

using nlohmann::ordered_json;

/// A journal has about as many records; a later one is never written, and nobody is killed.
constexpr unsigned kRecords = 20;
/// The first there is killed, the first back is not: what only happens once has happened then.
constexpr unsigned kWarmUp = 2;

std::optional<double> number(const ordered_json& document, const char* plane, const char* key) {
  const ordered_json part = report::object_of(document, plane);
  const auto value = part.find(key);
  return value != part.end() && value->is_number() ? std::optional(value->get<double>())
                                                   : std::nullopt;
}

class Collected {
 public:
  void add(std::optional<double> value) {
    ++of_;
    if (value) {
      values_.push_back(*value);
    }
  }
  [[nodiscard]] Spread spread() const {
    return {of_, values_.size(), ledger::percentiles_of(values_)};
  }
  [[nodiscard]] double sum() const { return std::accumulate(values_.begin(), values_.end(), 0.0); }

 private:
  std::size_t of_ = 0;
  std::vector<double> values_;
};

ordered_json json_of(const Spread& spread) {
  ordered_json json{{"of", spread.of}, {"measured", spread.measured}};
  const auto put = [&](const char* key, double ledger::Percentiles::*member) {
    json[key] = spread.values ? ordered_json((*spread.values).*member) : ordered_json(nullptr);
  };
  put("p50", &ledger::Percentiles::p50);
  put("p90", &ledger::Percentiles::p90);
  put("p99", &ledger::Percentiles::p99);
  put("max", &ledger::Percentiles::max);
  return json;
}

std::string line_of(const ordered_json& soak, const char* key, const char* name, const char* unit) {
  const ordered_json spread = report::object_of(soak, key);
  if (report::number_of(spread, "of") == 0) {
    return {};
  }
  std::string text = fmt::format("    {:<22}", name);
  for (const char* each : {"p50", "p90", "p99", "max"}) {
    text += fmt::format("{} {}{}", each, report::figure(spread, each, unit, 0),
                        std::string(each) == "max" ? "" : ", ");
  }
  return text + fmt::format(" ({} of {} measured)\n", report::figure(spread, "measured"),
                            report::figure(spread, "of"));
}

}  // namespace

SoakFigures figures_of(const Soak& soak, const std::vector<UpgradeRun>& upgrades) {
  SoakFigures figures;
  Collected undisturbed;
  Collected killed;
  Collected lost;
  for (const UpgradeRun& upgrade : upgrades) {
    if (upgrade.step != soak.step) {
      continue;
    }
    const auto document = ordered_json::parse(upgrade.document, nullptr, false);
    const std::string outcome = report::text_of(document, "outcome");
    ++figures.upgrades;
    figures.killed += upgrade.killed_after != 0 ? 1 : 0;
    figures.committed += outcome == "committed" ? 1 : 0;
    figures.rolled_back += outcome == "rolled-back" ? 1 : 0;
    (upgrade.killed_after != 0 ? killed : undisturbed)
        .add(number(document, "control_plane", "dark_ms"));
    lost.add(number(document, "data_plane", "lost"));
  }
  figures.undisturbed_dark_ms = undisturbed.spread();
  figures.killed_dark_ms = killed.spread();
  figures.lost = lost.spread();
  figures.lost_total = lost.sum();
  return figures;
}

ordered_json to_json(const Soak& soak, const SoakFigures& figures) {
  ordered_json json{{"step", soak.step},
                    {"seed", soak.seed},
                    {"upgrades", figures.upgrades},
                    {"committed", figures.committed},
                    {"rolled_back", figures.rolled_back},
                    {"killed", figures.killed}};
  json["dark_ms"] = json_of(figures.undisturbed_dark_ms);
  json["dark_ms_killed"] = json_of(figures.killed_dark_ms);
  json["lost"] = json_of(figures.lost);
  json["lost"]["total"] =
      figures.lost.measured == 0 ? ordered_json(nullptr) : ordered_json(figures.lost_total);
  return json;
}

std::string soak_text(const ordered_json& soak) {
  return fmt::format(
             "  {}: {} upgrades, {} committed, {} rolled back; the coordinator of {} was "
             "killed (seed {:.0f})\n",
             report::text_of(soak, "step"), report::figure(soak, "upgrades"),
             report::figure(soak, "committed"), report::figure(soak, "rolled_back"),
             report::figure(soak, "killed"), report::number_of(soak, "seed")) +
         line_of(soak, "dark_ms", "dark, undisturbed", " ms") +
         line_of(soak, "dark_ms_killed", "dark, killed", " ms") +
         line_of(soak, "lost", "lost an upgrade", "") +
         fmt::format("    {:<22}{}\n", "lost in all",
                     report::figure(report::object_of(soak, "lost"), "total"));
}

std::vector<unsigned> soak_plan(std::uint64_t seed, unsigned times, double killed) {
  // The standard says what this generator gives; what its distributions make of it, it does not.
  std::mt19937_64 random(seed);
  std::vector<unsigned> plan(times, 0);
  for (unsigned i = 0; i < times; ++i) {
    const double draw = static_cast<double>(random() >> 11U) / 9'007'199'254'740'992.0;
    const auto record = static_cast<unsigned>(random() % kRecords) + 1;
    const bool meant = i < kWarmUp ? i == 0 && killed > 0 : draw < killed;
    plan[i] = meant ? record : 0;
  }
  return plan;
}

}  // namespace issu::drill
