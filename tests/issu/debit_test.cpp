#include "issu/debit.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "issu/report/ledger/ledger.hpp"
#include "tests/issu/router_lab.hpp"
#include "tests/report/ledger/sample.hpp"
#include "tests/skip.hpp"

namespace issu {
namespace {

using tests::Lab;

std::vector<ledger::Entry> entries_of(const Lab& lab) {
  auto opened = ledger::Ledger::open_to_read(lab.store.ledger());
  REQUIRE(opened);
  return *opened->entries("edge1");
}

/// Earlier runs of the lab's router, each with this impact and dark time.
void ran_before(const Lab& lab, int runs, double impact_ms, double dark_ms) {
  std::vector<ledger::Entry> entries;
  for (int run = 0; run < runs; ++run) {
    auto entry = ledger::testing::entry(run);
    entry.backend = "fake";
    entry.started = wall_now();
    entry.impact_ms = impact_ms + run;
    entry.dark_ms = dark_ms + run;
    entries.push_back(entry);
  }
  auto opened = ledger::Ledger::open(lab.store.ledger());
  REQUIRE(opened);
  REQUIRE(opened->add(entries));
}

void open(const Lab& lab, bool over_budget = false, const std::string& id = new_upgrade_id()) {
  UpgradeOptions options;
  options.id = id;
  options.image = tests::bundle().file();
  options.strategy = "restart";
  options.soak_s = 0.01;
  options.over_budget = over_budget;
  REQUIRE(open_upgrade(lab.store, options));
  REQUIRE(lab.store.ask("accept"));
}

std::string anomalies_of(Lab& lab) {
  const auto document = lab.document();
  std::string text;
  for (const auto& anomaly : document["anomalies"]) {
    text += anomaly.get<std::string>() + "\n";
  }
  return text;
}

TEST_CASE("an upgrade is debited: not measured is no value, the duration is that of the clock") {
  Lab lab;
  lab.open();
  CHECK(*lab.run() == Outcome::committed);
  const auto entries = entries_of(lab);
  REQUIRE(entries.size() == 1);
  const ledger::Entry& entry = entries.front();
  CHECK(entry.id == lab.document()["id"]);
  CHECK(entry.backend == "fake");
  CHECK(entry.outcome == "committed");
  CHECK_FALSE(entry.impact_ms);
  CHECK_FALSE(entry.dark_ms);
  CHECK(entry.duration_s.value_or(-1) > 0);
  CHECK(entry.boot.size() == 36);
  CHECK(entry.size.routes == 1000);
  CHECK(entry.size.sessions == 1);
  struct stat status {};
  REQUIRE(::stat(lab.store.ledger().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0600);
  const auto document = lab.document();
  const auto& forecast = document["sla"]["forecast"];
  CHECK(forecast["dark_ms"].is_null());
  CHECK(forecast["why_not"].get<std::string>().find("nothing to go by") != std::string::npos);
  CHECK(document["sla"]["budgets"][0]["unknown"] == 1);
}

TEST_CASE(
    "a run that is predicted to cost more than is left is refused before anything is touched") {
  Lab lab;
  lab.config.sla.all.data_plane.month = 40;
  ran_before(lab, 3, 10, 400);  // 10 + 11 + 12 spent, 7 left
  open(lab);
  CHECK(*lab.run() == Outcome::refused);
  CHECK(exit_code_of(Outcome::refused) == 3);
  CHECK(lab.world.calls == std::vector<std::string>{"check"});
  const auto document = lab.document();
  const auto reason = document["reason"].get<std::string>();
  CHECK(reason.find("predicted to cost 11.0 ms (up to 12.0 ms)") != std::string::npos);
  CHECK(reason.find("has 7.0 of 40.0 ms left") != std::string::npos);
  CHECK(reason.find("--over-budget") != std::string::npos);
  CHECK(entries_of(lab).back().outcome == "refused");
  // What was refused is not debited.
  CHECK(document["sla"]["budgets"][0]["left_ms"] == 7);
}

TEST_CASE("--over-budget runs it all the same, and that is written down") {
  Lab lab;
  lab.config.sla.all.data_plane.month = 40;
  ran_before(lab, 3, 10, 400);
  open(lab, true);
  CHECK(*lab.run() == Outcome::committed);
  const auto document = lab.document();
  CHECK(document["sla"]["over_budget"] == true);
  CHECK(document["sla"]["predicted_ms"] == 401.0);
  CHECK(document["sla"]["forecast"]["dark_ms"]["high"] == 402.0);
  CHECK(document["sla"]["forecast"]["dark_ms"]["measured"].is_null());
  CHECK(document["sla"]["forecast"]["dark_ms"]["inside"].is_null());
  CHECK(anomalies_of(lab).find("run by --over-budget: this run is predicted to cost 11.0 ms") !=
        std::string::npos);
  const auto entry = entries_of(lab).back();
  CHECK(entry.over_budget);
  CHECK(entry.predicted_impact.high == 12.0);
  CHECK(entry.predicted_runs == 3);
  CHECK(entry.budget_month_ms == 40.0);
}

TEST_CASE("--over-budget where the budget suffices leaves no mark") {
  Lab lab;
  lab.config.sla.all.data_plane.month = 1000;
  ran_before(lab, 3, 10, 400);
  open(lab, true);
  CHECK(*lab.run() == Outcome::committed);
  CHECK(lab.document()["sla"]["over_budget"] == false);
  CHECK_FALSE(entries_of(lab).back().over_budget);
}

TEST_CASE("a broken ledger is an anomaly of a committed upgrade; the next run makes it good") {
  Lab lab;
  lab.config.sla.all.data_plane.month = 40;
  std::ofstream(lab.store.ledger()) << std::string(5000, 'x');
  open(lab, false, "one");
  CHECK(*lab.run() == Outcome::committed);
  lab.world.calls.clear();
  CHECK(anomalies_of(lab).find("the SLA ledger did not take this upgrade") != std::string::npos);
  CHECK(anomalies_of(lab).find("damaged") != std::string::npos);

  std::filesystem::remove(lab.store.ledger());
  open(lab, false, "two");
  CHECK(*lab.run() == Outcome::committed);
  CHECK(anomalies_of(lab).empty());
  const auto entries = entries_of(lab);
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].id == "one");
  CHECK(entries[1].id == "two");
}

TEST_CASE("a full disk under the ledger is an anomaly of a committed upgrade") {
  if (::geteuid() != 0) {
    ISSU_SKIP("only root can mount a small disk");
  }
  Lab lab(true);
  lab.open();
  Listener listener;
  listener.record = [&](const Record& record) {
    if (record.event == Event::done && record.phase == Phase::commit) {
      lab.disk->leave(16384);  // for the journal and the history, not for a new ledger
    }
  };
  CHECK(*lab.run(listener) == Outcome::committed);
  CHECK(anomalies_of(lab).find("no room is left on its disk") != std::string::npos);
  std::filesystem::remove(lab.dir / "state" / "filler");
  const auto account = ledger::account_of(books_of(lab.config, lab.store));
  CHECK_FALSE(account.trouble);
  CHECK(entries_of(lab).size() == 1);
}

TEST_CASE("a history that can't be written: the resumed coordinator leaves one entry") {
  Lab lab;
  lab.open();
  std::filesystem::create_directories(lab.store.history());
  REQUIRE_FALSE(lab.run());
  CHECK(is_open(*Journal::read(lab.store.journal())));
  std::filesystem::remove(lab.store.history());
  CHECK(*lab.run() == Outcome::committed);
  CHECK(entries_of(lab).size() == 1);
  CHECK(read_history(lab.store.history())->size() == 1);
}

TEST_CASE("budgets that nobody can know the rest of refuse, unless a person says otherwise") {
  Lab lab;
  lab.config.sla.all.data_plane.month = 40;
  std::filesystem::create_directories(lab.store.history());
  open(lab);
  REQUIRE_FALSE(lab.run());  // the history can't be written either
  std::filesystem::remove(lab.store.history());
  CHECK(*lab.run() == Outcome::refused);
  CHECK(lab.document()["reason"].get<std::string>().find("can't be told") != std::string::npos);
}

}  // namespace
}  // namespace issu
