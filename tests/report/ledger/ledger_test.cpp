#include "issu/report/ledger/ledger.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/report/ledger/sample.hpp"
#include "tests/temp_dir.hpp"

namespace issu::ledger {
namespace {

using testing::append;
using testing::document;
using testing::entry;

mode_t mode_of(const std::filesystem::path& file) {
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

TEST_CASE("an entry comes back as it was, what was not measured as nothing") {
  const tests::TempDir dir;
  const auto file = dir / "sla.db";
  Entry full = entry(1);
  full.origin = Origin::drill;
  full.scenario = "container-restart";
  full.step = "there, \"and\" back";
  full.partial = true;
  full.over_budget = true;
  full.predicted_dark = {400.0, 300.0, 500.0};
  full.predicted_runs = 9;
  full.budget_month_ms = 26300.2;
  full.size.memory = 1U << 30U;
  Entry empty;
  empty.router = "edge1";
  empty.id = "refused";
  empty.outcome = "refused";
  {
    auto ledger = Ledger::open(file);
    REQUIRE(ledger);
    REQUIRE(ledger->add({full, empty}));
  }
  CHECK(mode_of(file) == 0600);
  const auto ledger = Ledger::open_to_read(file);
  REQUIRE(ledger);
  const auto entries = ledger->entries("edge1");
  REQUIRE(entries);
  REQUIRE(entries->size() == 2);
  const Entry& first = entries->front();
  CHECK(first.sequence == 1);
  CHECK(first.origin == Origin::drill);
  CHECK(first.step == full.step);
  CHECK(first.started == full.started);
  CHECK(first.lost == 0);
  CHECK(first.dark_ms == 401.0);
  CHECK(first.partial);
  CHECK(first.over_budget);
  CHECK(first.predicted_dark.high == 500.0);
  CHECK_FALSE(first.predicted_impact.expected);
  CHECK(first.predicted_runs == 9);
  CHECK(first.budget_month_ms == 26300.2);
  CHECK_FALSE(first.budget_year_ms);
  CHECK(first.size.memory == 1U << 30U);
  const Entry& second = entries->back();
  CHECK(second.id == "refused");
  CHECK_FALSE(second.lost);
  CHECK_FALSE(second.impact_ms);
  CHECK_FALSE(second.dark_ms);
  CHECK_FALSE(second.duration_s);
  CHECK_FALSE(second.size.routes);
  CHECK(ledger->entries("other")->empty());
  CHECK(ledger->entries("")->size() == 2);
}

TEST_CASE(
    "one upgrade is there once and keeps its place; who needed a person stays partly unknown") {
  const tests::TempDir dir;
  auto ledger = Ledger::open(dir / "sla.db");
  REQUIRE(ledger);
  Entry needed = entry(1);
  needed.outcome = "needs-operator";
  needed.partial = true;
  Entry other_router = entry(1);
  other_router.router = "edge2";
  REQUIRE(ledger->add({needed}));
  REQUIRE(ledger->add({entry(2), other_router}));
  REQUIRE(ledger->add({entry(1)}));
  const auto entries = ledger->entries("edge1");
  REQUIRE(entries->size() == 2);
  CHECK((*entries)[0].id == "run-1");
  CHECK((*entries)[0].sequence == 1);
  CHECK((*entries)[0].outcome == "committed");
  CHECK((*entries)[0].partial);
  CHECK(ledger->entries("")->size() == 3);
}

TEST_CASE("the history is taken in once; only what was appended is read") {
  const tests::TempDir dir;
  const auto history = dir / "history.jsonl";
  auto ledger = Ledger::open(dir / "sla.db");
  REQUIRE(ledger->take_in(history));  // there is none yet
  append(history, document(1));
  append(history, document(2));
  REQUIRE(ledger->take_in(history));
  CHECK(ledger->entries("edge1")->size() == 2);
  CHECK(*ledger->taken_in(history) == std::filesystem::file_size(history));
  // A line cut short by a crash is left for later, one that is no document is passed over.
  std::ofstream(history, std::ios::app) << "no document\n{\"id\": \"run-";
  REQUIRE(ledger->take_in(history));
  CHECK(ledger->entries("edge1")->size() == 2);
  std::filesystem::resize_file(history, *ledger->taken_in(history));
  append(history, document(3));
  const Entry last = entry(4);
  REQUIRE(ledger->take_in(history, &last));
  REQUIRE(ledger->take_in(history, &last));
  const auto entries = ledger->entries("edge1");
  REQUIRE(entries->size() == 4);
  CHECK(entries->back().id == "run-4");
}

TEST_CASE("a history that is another one than before is read anew") {
  const tests::TempDir dir;
  const auto history = dir / "history.jsonl";
  auto ledger = Ledger::open(dir / "sla.db");
  append(history, document(1));
  append(history, document(2));
  REQUIRE(ledger->take_in(history));
  std::filesystem::remove(history);
  append(history, document(3));
  REQUIRE(ledger->take_in(history));
  CHECK(ledger->entries("edge1")->size() == 3);
  CHECK(*ledger->taken_in(history) == std::filesystem::file_size(history));
}

TEST_CASE("a ledger of another schema is refused with what to do, and left as it is") {
  const tests::TempDir dir;
  const auto file = dir / "sla.db";
  {
    auto ledger = Ledger::open(file);
    REQUIRE(ledger->add({entry(1)}));
    auto database = Database::open(file);
    REQUIRE(database->run("PRAGMA user_version = 2"));
  }
  for (const bool read : {true, false}) {
    const auto refused = read ? Ledger::open_to_read(file) : Ledger::open(file);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind() == ErrorKind::refused);
    CHECK(refused.error().what().find("has schema 2, this issu knows 1") != std::string::npos);
    CHECK(refused.error().hint().find("move it away") != std::string::npos);
  }
  CHECK(*Database::open(file)->ask("SELECT count(*) FROM entry") == 1);
}

TEST_CASE("another database, a damaged one and an empty file are told apart") {
  const tests::TempDir dir;
  const auto other = dir / "other.db";
  REQUIRE(Database::open(other)->run("CREATE TABLE mine(x)"));
  CHECK(Ledger::open(other).error().what().find("no SLA ledger") != std::string::npos);

  const auto damaged = dir / "damaged.db";
  std::ofstream(damaged) << std::string(8192, 'x');
  const auto refused = Ledger::open(damaged);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("damaged") != std::string::npos);
  CHECK(refused.error().hint().find("move it away") != std::string::npos);

  std::ofstream(dir / "empty.db") << "";
  CHECK_FALSE(Ledger::open_to_read(dir / "empty.db"));
  auto empty = Ledger::open(dir / "empty.db");
  REQUIRE(empty);
  CHECK(empty->entries("")->empty());
  REQUIRE(empty->add({}));
  CHECK(Ledger::open_to_read(dir / "empty.db")->entries("")->empty());
  CHECK_FALSE(Ledger::open_to_read(dir / "none.db"));
  CHECK_FALSE(std::filesystem::exists(dir / "none.db"));
}

}  // namespace
}  // namespace issu::ledger
