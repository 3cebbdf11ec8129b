#include "issu/debit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "issu/base/clock.hpp"
#include "issu/base/json.hpp"
#include "issu/report/ledger/balance.hpp"
#include "issu/report/ledger/forecast.hpp"

namespace issu {
namespace {

using Json = nlohmann::ordered_json;

std::optional<double> figure(const Json& document, const char* part, const char* key) {
  const auto object = document.find(part);
  if (object == document.end()) {
    return std::nullopt;
  }
  const auto found = object->find(key);
  return found != object->end() && found->is_number() ? std::optional(found->get<double>())
                                                      : std::nullopt;
}

ledger::Size size_now(Context& context, const nlohmann::json& facts) {
  ledger::Size size;
  if (auto table = context.npu.size(); table) {
    size.routes = table->total();
  }
  if (auto view = context.rp.control_plane(context.from); view) {
    size.sessions = view->sessions.size();
  }
  if (facts.contains("memory")) {
    size.memory = value_of(facts, "memory", std::uint64_t{0});
  }
  return size;
}

}  // namespace

ledger::Books books_of(const config::RouterConfig& config, const SlotStore& store) {
  return {store.ledger(), store.history(), config.router.name};
}

void check_sla(Context& context, nlohmann::json& facts, Reasons& reasons) {
  const auto account = ledger::look_at(books_of(context.config, context.store));
  const ledger::Size size = size_now(context, facts);
  const auto forecast = ledger::forecast(
      account.entries, {context.config.router.name, context.rp.backend(), context.options.strategy,
                        value_of(facts, "kind", ""), size});
  facts["forecast"] = ledger::to_json(forecast, size);
  const auto balances = ledger::balance(account.entries, context.config.sla, wall_now());
  Result<void> good = ledger::affordable(balances, context.rp.backend(), forecast);
  const bool budgeted = std::any_of(balances.begin(), balances.end(),
                                    [](const auto& line) { return line.budget_ms.has_value(); });
  if (good && budgeted && !account.whole) {
    Error blind("what this router has spent of its SLA budgets can't be told",
                "repair what is named, or run it all the same with --over-budget",
                ErrorKind::refused);
    blind.also(*account.trouble);
    good = fail(std::move(blind));
  }
  if (!good && context.options.over_budget) {
    std::string reasons_of = good.error().what();
    for (const Error& other : good.error().others()) {
      reasons_of += "; " + other.what();
    }
    facts["over_budget"] = reasons_of;
    return;
  }
  reasons.add_if(std::move(good));
}

void debit(const RouterParts& parts, const nlohmann::json& preflight, Json& document) {
  Json& sla = document["sla"];
  if (preflight.contains("forecast")) {
    sla["forecast"] =
        ledger::judged(Json(preflight["forecast"]), figure(document, "control_plane", "dark_ms"),
                       figure(document, "rfc7654", "tpl_ms"));
    const Json& told = sla["forecast"];
    const auto dark = told.is_object() ? told.find("dark_ms") : told.end();
    if (dark != told.end() && dark->is_object() && dark->contains("expected")) {
      sla["predicted_ms"] = (*dark)["expected"];
    }
  }
  sla["over_budget"] = preflight.contains("over_budget");
  if (preflight.contains("over_budget")) {
    document["anomalies"].push_back("run by --over-budget: " + text_of(preflight["over_budget"]));
  }
  const auto books = books_of(parts.config, parts.store);
  // What the entry says of the budgets does not change what is debited.
  ledger::Entry entry = ledger::entry_of(document);
  const Json budgets = ledger::to_json(ledger::balance({entry}, parts.config.sla, entry.started));
  sla["budgets"] = budgets;
  entry = ledger::entry_of(document);
  auto account = ledger::account_with(books, entry);
  sla["budgets"] =
      ledger::to_json(ledger::balance(account.entries, parts.config.sla, entry.started));
  if (account.trouble) {
    document["anomalies"].push_back(
        "the SLA ledger did not take this upgrade; the next run, or `issu sla show`, does so from "
        "the history: " +
        account.trouble->message());
  }
}

}  // namespace issu
