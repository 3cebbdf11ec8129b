#include "issu/journal.hpp"

#include <doctest/doctest.h>

#include "issu/base/file.hpp"
#include "tests/temp_dir.hpp"

namespace issu {
namespace {

std::filesystem::path written_journal(const tests::TempDir& dir) {
  const auto file = dir / "journal";
  auto journal = Journal::create(file);
  REQUIRE(journal);
  UpgradeOptions options;
  options.id = "one";
  options.soak_s = 1.5;
  options.from = backends::Slot::b;
  options.epoch = 7;
  REQUIRE(journal->append({Event::opened, std::nullopt, "", to_json(options), 0, 0}));
  REQUIRE(journal->append({Event::begun, Phase::freeze, "", {}, 0, 0}));
  REQUIRE(journal->append({Event::done, Phase::freeze, "", {{"dark_from", 42}}, 0, 0}));
  return file;
}

TEST_CASE("what was appended is read back") {
  const tests::TempDir dir;
  const auto file = written_journal(dir);
  const auto records = Journal::read(file);
  REQUIRE(records);
  REQUIRE(records->size() == 3);
  CHECK(options_of(*records).id == "one");
  CHECK(options_of(*records).from == backends::Slot::b);
  CHECK(options_of(*records).epoch == 7);
  CHECK((*records)[1].event == Event::begun);
  CHECK((*records)[1].phase == Phase::freeze);
  CHECK(facts_of(*records, Phase::freeze)["dark_from"] == 42);
  CHECK(facts_of(*records, Phase::soak).empty());
  CHECK((*records)[2].mono >= (*records)[1].mono);
}

TEST_CASE("no file is no records") {
  const tests::TempDir dir;
  const auto records = Journal::read(dir / "journal");
  REQUIRE(records);
  CHECK(records->empty());
}

TEST_CASE("a journal cut at any byte keeps all whole records and takes new ones") {
  const tests::TempDir dir;
  const std::string whole = *read_file(written_journal(dir));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    const auto file = dir / "cut";
    REQUIRE(write_file_atomic(file, whole.substr(0, length)));
    auto journal = Journal::open(file);
    REQUIRE(journal);
    const std::size_t kept = journal->records().size();
    CHECK(kept <= 2);
    REQUIRE(journal->append({Event::requested, std::nullopt, "abort", {}, 0, 0}));
    const auto records = Journal::read(file);
    REQUIRE(records);
    CHECK(records->size() == kept + 1);
    CHECK(records->back().text == "abort");
  }
}

TEST_CASE("a flipped byte is either a torn last record or an error for a person, never silence") {
  const tests::TempDir dir;
  const std::string whole = *read_file(written_journal(dir));
  int refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    CAPTURE(at);
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
    const auto file = dir / "flipped";
    REQUIRE(write_file_atomic(file, bytes));
    const auto records = Journal::read(file);
    if (records) {
      CHECK(records->size() == 2);  // the last one alone may be taken for torn
    } else {
      ++refused;
      CHECK(records.error().kind() == ErrorKind::needs_person);
      CHECK_FALSE(records.error().hint().empty());
    }
  }
  CHECK(refused > 0);
}

TEST_CASE("an end of no phase is no record, however right its checksum is") {
  const tests::TempDir dir;
  for (const Event event :
       {Event::begun, Event::done, Event::failed, Event::undoing, Event::undone}) {
    auto journal = Journal::create(dir / "journal");
    REQUIRE(journal);
    REQUIRE(journal->append({event, std::nullopt, "", {}, 0, 0}));
    REQUIRE(journal->append({Event::requested, std::nullopt, "abort", {}, 0, 0}));
    const auto records = Journal::read(dir / "journal");
    REQUIRE_FALSE(records);
    CHECK(records.error().kind() == ErrorKind::needs_person);
  }
}

TEST_CASE("an append tells its listener after it is on disk") {
  const tests::TempDir dir;
  auto journal = Journal::create(dir / "journal");
  REQUIRE(journal);
  std::size_t on_disk = 0;
  journal->on_append([&](const Record&) { on_disk = Journal::read(dir / "journal")->size(); });
  REQUIRE(journal->append({Event::opened, std::nullopt, "", {}, 0, 0}));
  CHECK(on_disk == 1);
}

}  // namespace
}  // namespace issu
