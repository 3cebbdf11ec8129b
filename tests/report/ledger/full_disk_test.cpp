#include <doctest/doctest.h>
#include <unistd.h>

#include <optional>

#include "issu/report/ledger/account.hpp"
#include "issu/report/ledger/ledger.hpp"
#include "tests/issu/small_disk.hpp"
#include "tests/report/ledger/sample.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

namespace issu::ledger {
namespace {

using testing::append;
using testing::document;
using testing::entry;

TEST_CASE("a full disk: named, nothing damaged, the entry is taken in once there is room") {
  if (::geteuid() != 0) {
    ISSU_SKIP("only root can mount a small disk");
  }
  const tests::TempDir dir;
  const auto where = dir / "small";
  tests::SmallDisk disk(where);
  // The history has a disk of its own here: what matters is the ledger's.
  const Books books{where / "sla.db", dir / "history.jsonl", "edge1"};
  append(books.history, document(1));
  CHECK(account_of(books).entries.size() == 1);
  disk.fill();
  std::optional<Account> last;
  int number = 2;
  for (; number < 100; ++number) {  // there may be room left in the last page
    append(books.history, document(number));
    last = account_with(books, entry(number));
    REQUIRE(last->entries.size() == static_cast<std::size_t>(number));
    CHECK(last->whole);
    if (last->trouble) {
      break;
    }
  }
  REQUIRE(last->trouble);
  CHECK(last->trouble->message().find("no room is left") != std::string::npos);
  CHECK(last->trouble->hint().find("make room") != std::string::npos);
  // Looking on works all the while.
  CHECK(look_at(books).entries.size() == static_cast<std::size_t>(number));

  std::filesystem::remove(where / "filler");
  const Account after = account_of(books);
  CHECK_FALSE(after.trouble);
  CHECK(after.entries.size() == static_cast<std::size_t>(number));
  CHECK(Ledger::open_to_read(books.ledger)->entries("edge1")->size() ==
        static_cast<std::size_t>(number));
}

}  // namespace
}  // namespace issu::ledger
