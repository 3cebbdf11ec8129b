#include <string>

#include "issu/config/sections.hpp"

namespace issu::config {
namespace {

/// The longest period that a budget can be of, milliseconds.
constexpr ledger::Limit whole{ledger::month_ms, ledger::year_ms};

/// `prefix` is "" for the data plane, "control_plane_" for the control plane.
ledger::Limit read_limit(StrictTable& table, const std::string& prefix) {
  const std::string availability = prefix + "availability";
  const std::string month = prefix + "budget_ms_per_month";
  const std::string year = prefix + "budget_ms_per_year";
  ledger::Limit limit;
  if (table.has(availability)) {
    limit = ledger::limit_of(table.number(availability, {0, 100}, 100));
    for (const std::string& other : {month, year}) {
      if (table.has(other)) {
        table.refuse(other, "stands beside " + availability + ", which says the same",
                     "take one of them away");
        (void)table.number(other, {}, 0);
      }
    }
    return limit;
  }
  if (table.has(month)) {
    limit.month = table.number(month, {0, *whole.month}, 0);
  }
  if (table.has(year)) {
    limit.year = table.number(year, {0, *whole.year}, 0);
  }
  if (limit.month && limit.year && *limit.month > *limit.year) {
    table.refuse(month, "is larger than " + year + ": a month could never spend it",
                 "make it as large or smaller");
  }
  return limit;
}

ledger::Budget read_budget(StrictTable& table) {
  ledger::Budget budget;
  budget.data_plane = read_limit(table, "");
  budget.control_plane = read_limit(table, "control_plane_");
  return budget;
}

}  // namespace

void read_sla_section(StrictTable& document, RouterConfig& config) {
  auto section = document.table("sla");
  if (!section) {
    return;
  }
  config.sla.all = read_budget(*section);
  for (const char* backend : {"lxc", "vm", "card"}) {
    if (auto own = section->table(backend)) {
      config.sla.backends[backend] = read_budget(*own);
      own->finish();
    }
  }
  section->finish();
}

}  // namespace issu::config
