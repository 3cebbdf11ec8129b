#pragma once

#include <nlohmann/json.hpp>

#include "issu/base/reasons.hpp"
#include "issu/context.hpp"
#include "issu/coordinator.hpp"
#include "issu/report/ledger/account.hpp"

namespace issu {

/// Where the router's ledger and history are.
[[nodiscard]] ledger::Books books_of(const config::RouterConfig& config, const SlotStore& store);

/// Predicts what the upgrade will cost and refuses it where the SLA budgets have less left, unless
/// it is to be run over them. Touches nothing. `facts` (of the preflight) get `forecast`, and
/// `over_budget` where that was needed.
void check_sla(Context& context, nlohmann::json& facts, Reasons& reasons);

/// Debits an upgrade that ends: completes its document (what was predicted and how good that was,
/// the budgets and what is left of them) and writes it into the ledger. A ledger that can't be
/// written is an anomaly of the document, never an error: the next run takes the entry in from the
/// history.
void debit(const RouterParts& parts, const nlohmann::json& preflight,
           nlohmann::ordered_json& document);

}  // namespace issu
