#include "issu/report/ledger/account.hpp"

#include <doctest/doctest.h>

#include "issu/report/ledger/ledger.hpp"
#include "tests/report/ledger/sample.hpp"
#include "tests/temp_dir.hpp"

namespace issu::ledger {
namespace {

using testing::append;
using testing::document;
using testing::entry;

struct Folder {
  tests::TempDir dir;
  Books books{dir / "sla.db", dir / "history.jsonl", "edge1"};
};

TEST_CASE("where nothing was ever upgraded there is nothing, and no file is made") {
  const Folder folder;
  for (const Account& account : {account_of(folder.books), look_at(folder.books)}) {
    CHECK(account.entries.empty());
    CHECK(account.whole);
    CHECK_FALSE(account.trouble);
  }
  CHECK_FALSE(std::filesystem::exists(folder.books.ledger));
}

TEST_CASE("looking writes nothing and sees what the ledger does not have yet") {
  const Folder folder;
  append(folder.books.history, document(1));
  CHECK(look_at(folder.books).entries.size() == 1);
  CHECK_FALSE(look_at(folder.books).trouble);
  CHECK_FALSE(std::filesystem::exists(folder.books.ledger));
  CHECK(account_of(folder.books).entries.size() == 1);
  append(folder.books.history, document(2));
  CHECK(look_at(folder.books).entries.size() == 2);
  CHECK(Ledger::open_to_read(folder.books.ledger)->entries("edge1")->size() == 1);
}

TEST_CASE("killed between ledger and history, or the other way round: the entry is there once") {
  const Folder folder;
  // The ledger had it, the history did not: the resumed coordinator writes both again.
  CHECK(account_with(folder.books, entry(1)).entries.size() == 1);
  CHECK(account_with(folder.books, entry(1)).entries.size() == 1);
  append(folder.books.history, document(1));
  CHECK(account_of(folder.books).entries.size() == 1);
  // The history had it, the ledger did not.
  append(folder.books.history, document(2));
  const auto account = account_of(folder.books);
  REQUIRE(account.entries.size() == 2);
  CHECK(account.entries.back().id == "run-2");
  CHECK(account_of(folder.books).entries.size() == 2);
}

TEST_CASE("a broken ledger, or one of another schema: the history says what there was") {
  const Folder folder;
  append(folder.books.history, document(1, "needs-operator"));
  append(folder.books.history, document(1));
  append(folder.books.history, document(2));
  for (const bool broken : {true, false}) {
    CAPTURE(broken);
    if (broken) {
      std::ofstream(folder.books.ledger) << std::string(5000, 'x');
    } else {
      std::filesystem::remove(folder.books.ledger);
      CHECK(account_of(folder.books).entries.size() == 2);
      REQUIRE(Database::open(folder.books.ledger)->run("PRAGMA user_version = 9"));
    }
    for (const Account& account : {account_of(folder.books), look_at(folder.books)}) {
      REQUIRE(account.trouble);
      CHECK(account.whole);
      REQUIRE(account.entries.size() == 2);
      CHECK(account.entries[0].outcome == "committed");
      CHECK(account.entries[0].partial);
    }
    CHECK(account_with(folder.books, entry(3)).entries.size() == 3);
  }
}

TEST_CASE("neither can be read: it says so, and that there may be more") {
  const Folder folder;
  std::ofstream(folder.books.ledger) << std::string(5000, 'x');
  std::filesystem::create_directories(folder.books.history);
  for (const Account& account : {account_of(folder.books), look_at(folder.books)}) {
    CHECK_FALSE(account.whole);
    REQUIRE(account.trouble);
    CHECK(account.trouble->message().find("history.jsonl") != std::string::npos);
  }
}

}  // namespace
}  // namespace issu::ledger
