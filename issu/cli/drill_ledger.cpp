#include "issu/cli/drill_ledger.hpp"

#include <nlohmann/json.hpp>

#include "issu/report/ledger/ledger.hpp"

namespace issu::cli {

Result<void> check_ledger(const std::filesystem::path& file) {
  if (file.empty()) {
    return {};
  }
  auto opened = ledger::Ledger::open(file);
  if (!opened) {
    return fail(std::move(opened).error().as(ErrorKind::refused));
  }
  return {};
}

Result<void> add_to_ledger(const std::filesystem::path& file, const drill::DrillOutcome& outcome) {
  if (file.empty()) {
    return {};
  }
  std::vector<ledger::Entry> entries;
  for (const drill::UpgradeRun& upgrade : outcome.upgrades) {
    const auto document = nlohmann::ordered_json::parse(upgrade.document, nullptr, false);
    ledger::Entry entry = ledger::entry_of(document);
    if (entry.id.empty()) {
      continue;  // it left no document
    }
    entry.origin = ledger::Origin::drill;
    entry.scenario = outcome.scenario;
    entry.step = upgrade.step;
    entries.push_back(std::move(entry));
  }
  auto ledger = ledger::Ledger::open(file);
  if (!ledger) {
    return fail(std::move(ledger).error());
  }
  return ledger->add(entries);
}

}  // namespace issu::cli
