#include "issu/report/ledger/ledger.hpp"

#include <fmt/format.h>

#include <array>

namespace issu::ledger {
namespace {

constexpr std::int64_t application_id = 0x49534C41;  // "ISLA"

constexpr const char* schema = R"sql(
CREATE TABLE entry(
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  router TEXT NOT NULL, id TEXT NOT NULL,
  origin TEXT NOT NULL CHECK(origin IN ('upgrade', 'drill')),
  scenario TEXT NOT NULL, step TEXT NOT NULL,
  backend TEXT NOT NULL, strategy TEXT NOT NULL, kind TEXT NOT NULL,
  from_version TEXT NOT NULL, to_version TEXT NOT NULL, outcome TEXT NOT NULL,
  started INTEGER NOT NULL, duration_s REAL, stepped_s REAL, boot TEXT NOT NULL,
  lost INTEGER, impact_ms REAL, dark_ms REAL, sessions_down INTEGER,
  partial INTEGER NOT NULL, over_budget INTEGER NOT NULL,
  predicted_dark_ms REAL, predicted_dark_low_ms REAL, predicted_dark_high_ms REAL,
  predicted_impact_ms REAL, predicted_impact_low_ms REAL, predicted_impact_high_ms REAL,
  predicted_runs INTEGER,
  budget_month_ms REAL, budget_year_ms REAL,
  budget_dark_month_ms REAL, budget_dark_year_ms REAL,
  routes INTEGER, memory INTEGER, sessions INTEGER,
  UNIQUE(router, id, boot)) STRICT;
CREATE TABLE history(file TEXT PRIMARY KEY, taken_in INTEGER NOT NULL) STRICT;
)sql";

/// In the order of the schema, after the sequence.
constexpr std::array columns{"router",
                             "id",
                             "origin",
                             "scenario",
                             "step",
                             "backend",
                             "strategy",
                             "kind",
                             "from_version",
                             "to_version",
                             "outcome",
                             "started",
                             "duration_s",
                             "stepped_s",
                             "boot",
                             "lost",
                             "impact_ms",
                             "dark_ms",
                             "sessions_down",
                             "partial",
                             "over_budget",
                             "predicted_dark_ms",
                             "predicted_dark_low_ms",
                             "predicted_dark_high_ms",
                             "predicted_impact_ms",
                             "predicted_impact_low_ms",
                             "predicted_impact_high_ms",
                             "predicted_runs",
                             "budget_month_ms",
                             "budget_year_ms",
                             "budget_dark_month_ms",
                             "budget_dark_year_ms",
                             "routes",
                             "memory",
                             "sessions"};

std::string all_columns() {
  return fmt::format("{}", fmt::join(columns, ", "));
}

std::string upsert() {
  std::string places;
  std::string changes;
  for (const std::string_view column : columns) {
    places += places.empty() ? "?" : ", ?";
    if (column == "router" || column == "id" || column == "boot") {
      continue;
    }
    // What needed a person once stays partly unmeasured, however it ends.
    changes += (changes.empty() ? "" : ", ") + (column == "partial"
                                                    ? "partial = max(partial, excluded.partial)"
                                                    : fmt::format("{0} = excluded.{0}", column));
  }
  return fmt::format(
      "INSERT INTO entry({}) VALUES({}) ON CONFLICT(router, id, boot) DO UPDATE SET {}",
      all_columns(), places, changes);
}

void bind(Statement& statement, const Entry& entry) {
  int at = 0;
  for (const std::string* text : {&entry.router, &entry.id}) {
    statement.bind(at++, std::string_view(*text));
  }
  statement.bind(at++, std::string_view(entry.origin == Origin::drill ? "drill" : "upgrade"));
  for (const std::string* text : {&entry.scenario, &entry.step, &entry.backend, &entry.strategy,
                                  &entry.kind, &entry.from, &entry.to, &entry.outcome}) {
    statement.bind(at++, std::string_view(*text));
  }
  statement.bind(at++, entry.started);
  statement.bind(at++, entry.duration_s);
  statement.bind(at++, entry.stepped_s);
  statement.bind(at++, std::string_view(entry.boot));
  statement.bind(at++, entry.lost);
  statement.bind(at++, entry.impact_ms);
  statement.bind(at++, entry.dark_ms);
  statement.bind(at++, entry.sessions_down);
  statement.bind(at++, std::int64_t{entry.partial});
  statement.bind(at++, std::int64_t{entry.over_budget});
  for (const Predicted* predicted : {&entry.predicted_dark, &entry.predicted_impact}) {
    statement.bind(at++, predicted->expected);
    statement.bind(at++, predicted->low);
    statement.bind(at++, predicted->high);
  }
  statement.bind(at++, entry.predicted_runs);
  for (const auto* budget : {&entry.budget_month_ms, &entry.budget_year_ms,
                             &entry.budget_dark_month_ms, &entry.budget_dark_year_ms}) {
    statement.bind(at++, *budget);
  }
  for (const auto* size : {&entry.size.routes, &entry.size.memory, &entry.size.sessions}) {
    statement.bind(at++, *size);
  }
}

Entry entry_in(const Statement& row) {
  Entry entry;
  int at = 0;
  entry.sequence = row.integer(at++);
  entry.router = row.text(at++);
  entry.id = row.text(at++);
  entry.origin = row.text(at++) == "drill" ? Origin::drill : Origin::upgrade;
  for (std::string* text : {&entry.scenario, &entry.step, &entry.backend, &entry.strategy,
                            &entry.kind, &entry.from, &entry.to, &entry.outcome}) {
    *text = row.text(at++);
  }
  entry.started = row.integer(at++);
  entry.duration_s = row.number(at++);
  entry.stepped_s = row.number(at++);
  entry.boot = row.text(at++);
  entry.lost = row.count(at++);
  entry.impact_ms = row.number(at++);
  entry.dark_ms = row.number(at++);
  entry.sessions_down = row.count(at++);
  entry.partial = row.integer(at++) != 0;
  entry.over_budget = row.integer(at++) != 0;
  for (Predicted* predicted : {&entry.predicted_dark, &entry.predicted_impact}) {
    predicted->expected = row.number(at++);
    predicted->low = row.number(at++);
    predicted->high = row.number(at++);
  }
  entry.predicted_runs = row.count(at++);
  for (auto* budget : {&entry.budget_month_ms, &entry.budget_year_ms, &entry.budget_dark_month_ms,
                       &entry.budget_dark_year_ms}) {
    *budget = row.number(at++);
  }
  for (auto* size : {&entry.size.routes, &entry.size.memory, &entry.size.sessions}) {
    *size = row.count(at++);
  }
  return entry;
}

/// An empty file is one that was just made; false: it is one, and has no schema yet.
Result<bool> check_schema(const Database& database, const std::string& file) {
  const auto application = database.ask("PRAGMA application_id");
  const auto version = database.ask("PRAGMA user_version");
  const auto tables = database.ask("SELECT count(*) FROM sqlite_schema");
  if (!application || !version || !tables) {
    return fail(!application ? application.error() : !version ? version.error() : tables.error());
  }
  if (*application == 0 && *version == 0 && *tables == 0) {
    return false;
  }
  if (*application != application_id) {
    return fail(file + " is a database, and no SLA ledger", "name another file",
                ErrorKind::refused);
  }
  if (*version != schema_version) {
    return fail(fmt::format("the ledger {} has schema {}, this issu knows {}", file, *version,
                            schema_version),
                "use the issu that wrote it (`issu sla show --csv FILE` gives what is in it), or "
                "move it away: a router's ledger is made anew from its history by `issu sla show`",
                ErrorKind::refused);
  }
  return true;
}

}  // namespace

Result<Ledger> Ledger::open(const std::filesystem::path& file) {
  auto database = Database::open(file);
  if (!database) {
    return pass(std::move(database).error(), "opening the SLA ledger");
  }
  auto has_schema = check_schema(*database, file.string());
  if (!has_schema) {
    return pass(std::move(has_schema).error(), "opening the SLA ledger");
  }
  return Ledger(std::move(*database), file.string(), *has_schema);
}

Result<Ledger> Ledger::open_to_read(const std::filesystem::path& file) {
  auto database = Database::open_to_read(file);
  if (!database) {
    return pass(std::move(database).error(), "reading the SLA ledger");
  }
  auto has_schema = check_schema(*database, file.string());
  if (!has_schema) {
    return pass(std::move(has_schema).error(), "reading the SLA ledger");
  }
  if (!*has_schema) {
    return fail(file.string() + " is empty: no ledger", "name the file of one");
  }
  return Ledger(std::move(*database), file.string(), true);
}

Result<void> Ledger::make_schema() {
  if (has_schema_) {
    return {};
  }
  // Another process may have made it meanwhile.
  auto has_schema = check_schema(database_, file_);
  if (!has_schema) {
    return fail(std::move(has_schema).error());
  }
  if (!*has_schema) {
    ISSU_TRY(database_.run(schema), "making the SLA ledger");
    ISSU_TRY(database_.run(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};",
                                       application_id, schema_version)),
             "making the SLA ledger");
  }
  return {};
}

Result<void> Ledger::put(const std::vector<Entry>& entries) {
  ISSU_TRY(make_schema(), "");
  auto statement = database_.prepare(upsert());
  if (!statement) {
    return fail(std::move(statement).error());
  }
  for (const Entry& entry : entries) {
    bind(*statement, entry);
    ISSU_TRY(statement->finish(), "writing an entry");
    statement->reset();
  }
  return {};
}

Result<void> Ledger::add(const std::vector<Entry>& entries) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) {
    return pass(std::move(transaction).error(), "writing the SLA ledger");
  }
  ISSU_TRY(put(entries), "writing the SLA ledger");
  ISSU_TRY(transaction->commit(), "writing the SLA ledger");
  has_schema_ = true;
  return {};
}

Result<void> Ledger::take_in(const std::filesystem::path& history, const Entry* entry) {
  const auto from = taken_in(history);
  if (!from) {
    return fail(from.error());
  }
  auto part = read_history_part(history, *from);
  if (!part) {
    return pass(std::move(part).error(), "taking the history into the SLA ledger");
  }
  if (entry != nullptr) {
    part->entries.push_back(*entry);
  }
  if (part->entries.empty() && part->end == *from) {
    return {};
  }
  auto transaction = Transaction::begin(database_);
  if (!transaction) {
    return pass(std::move(transaction).error(), "writing the SLA ledger");
  }
  ISSU_TRY(put(part->entries), "writing the SLA ledger");
  auto noted = database_.prepare("INSERT OR REPLACE INTO history(file, taken_in) VALUES(?, ?)");
  if (!noted) {
    return pass(std::move(noted).error(), "writing the SLA ledger");
  }
  noted->bind(0, std::string_view(history.native()));
  noted->bind(1, static_cast<std::int64_t>(part->end));
  ISSU_TRY(noted->finish(), "writing the SLA ledger");
  ISSU_TRY(transaction->commit(), "writing the SLA ledger");
  has_schema_ = true;
  return {};
}

Result<std::uint64_t> Ledger::taken_in(const std::filesystem::path& history) const {
  if (!has_schema_) {
    return 0;
  }
  auto statement = database_.prepare("SELECT taken_in FROM history WHERE file = ?");
  if (!statement) {
    return pass(std::move(statement).error(), "reading the SLA ledger");
  }
  statement->bind(0, std::string_view(history.native()));
  auto row = statement->step();
  if (!row) {
    return pass(std::move(row).error(), "reading the SLA ledger");
  }
  return *row ? static_cast<std::uint64_t>(statement->integer(0)) : 0;
}

Result<std::vector<Entry>> Ledger::entries(const std::string& router) const {
  if (!has_schema_) {
    return std::vector<Entry>();
  }
  auto statement = database_.prepare(
      fmt::format("SELECT sequence, {} FROM entry WHERE ?1 = '' OR router = ?1 ORDER BY sequence",
                  all_columns()));
  if (!statement) {
    return pass(std::move(statement).error(), "reading the SLA ledger");
  }
  statement->bind(0, std::string_view(router));
  std::vector<Entry> found;
  for (;;) {
    auto row = statement->step();
    if (!row) {
      return pass(std::move(row).error(), "reading the SLA ledger");
    }
    if (!*row) {
      return found;
    }
    found.push_back(entry_in(*statement));
  }
}

}  // namespace issu::ledger
