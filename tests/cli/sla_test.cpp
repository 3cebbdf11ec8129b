#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"
#include "issu/report/ledger/ledger.hpp"
#include "tests/report/ledger/sample.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;

namespace {

RunOutput program(Argv words) {
  words.insert(words.begin(), ISSU_BIN_DIR "/issu");
  return run(words).value();
}

/// A router that was upgraded three times, as its state folder tells.
struct Router {
  tests::TempDir dir;
  std::string file = (dir / "router.toml").string();

  Router() {
    std::filesystem::create_directories(dir / "config");
    REQUIRE(make_dirs(dir / "state"));
    std::ofstream(dir / "keyring.pem") << "certificates\n";
    std::ofstream(file) << "[router]\nname = \"edge1\"\nsuite = \"bird\"\nconfig_dir = \"config\"\n"
                           "state_dir = \"state\"\nrun_dir = \"run\"\n[images]\n"
                           "compatible = \"x\"\nkeyring = \"keyring.pem\"\n[[port]]\n"
                           "name = \"east\"\naddresses = []\ndevice = \"enp1s0\"\n"
                           "[sla]\nbudget_ms_per_year = 1000\n";
    for (int number = 1; number <= 3; ++number) {
      auto document = ledger::testing::document(number);
      document["started"] = iso_time(wall_now());
      if (number == 3) {
        document["data_plane"]["measured"] = false;
      }
      ledger::testing::append(dir / "state" / "history.jsonl", document);
    }
  }
};

}  // namespace

TEST_CASE("issu sla show takes the history in and agrees with issu history") {
  const Router router;
  const auto shown = program({"sla", "show", "-f", router.file, "--json"});
  CHECK(shown.status == 0);
  const auto json = nlohmann::json::parse(shown.out);
  CHECK(json["of"] == "edge1");
  CHECK(json["runs"] == 3);
  const auto& year = json["budgets"][1];
  CHECK(year["plane"] == "data");
  CHECK(year["per"] == "year");
  CHECK(year["spent_ms"].get<double>() == doctest::Approx(1.4));
  CHECK(year["left_ms"].get<double>() == doctest::Approx(998.6));
  CHECK(year["unknown"] == 1);
  CHECK(json["budgets"][0]["budget_ms"].is_null());
  CHECK(std::filesystem::exists(router.dir / "state" / "sla.db"));

  const auto history = nlohmann::json::parse(program({"history", "-f", router.file, "--json"}).out);
  const auto csv = program({"sla", "show", "-f", router.file, "--csv", "-"});
  CHECK(csv.status == 0);
  for (const auto& document : history) {
    CHECK(csv.out.find("," + document["id"].get<std::string>() + ",upgrade,") != std::string::npos);
  }
  const auto text = program({"sla", "show", "-f", router.file});
  CHECK(text.out.find("edge1: 3 runs, 2 measured in both planes") != std::string::npos);
  const auto later = program({"sla", "show", "-f", router.file, "--since", "2090-01-01"});
  CHECK(later.out.find("edge1: 0 runs since 2090-01-01") != std::string::npos);
}

TEST_CASE("a damaged ledger is told, and the figures are those of the history") {
  const Router router;
  std::ofstream(router.dir / "state" / "sla.db") << std::string(5000, 'x');
  const auto shown = program({"sla", "show", "-f", router.file});
  CHECK(shown.status == 0);
  CHECK(shown.out.find("edge1: 3 runs") != std::string::npos);
  CHECK(shown.err.find("damaged") != std::string::npos);
  CHECK(shown.err.find("those of the history") != std::string::npos);
}

TEST_CASE("a ledger of drills is shown by its file, without anybody's budget") {
  const tests::TempDir dir;
  auto entry = ledger::testing::entry(1);
  entry.origin = ledger::Origin::drill;
  REQUIRE(ledger::Ledger::open(dir / "drills.db")->add({entry}));
  const auto shown = program({"sla", "show", "--ledger", (dir / "drills.db").string()});
  CHECK(shown.status == 0);
  CHECK(shown.out.find("1 run (1 of drills)") != std::string::npos);
  const auto file = dir / "out.csv";
  CHECK(program({"sla", "show", "--ledger", (dir / "drills.db").string(), "--csv", file.string()})
            .status == 0);
  CHECK(read_file(file)->find(",run-1,drill,") != std::string::npos);
}

TEST_CASE("words that are off: usage; a ledger that is not there: failed, and not made") {
  const Router router;
  CHECK(program({"sla"}).status == 2);
  const auto date = program({"sla", "show", "-f", router.file, "--since", "yesterday"});
  CHECK(date.status == 2);
  CHECK(date.err.find("2026-01-31") != std::string::npos);
  const auto none = (router.dir / "none.db").string();
  CHECK(program({"sla", "show", "--ledger", none}).status == 1);
  CHECK_FALSE(std::filesystem::exists(none));
  CHECK(program({"sla", "show", "-f", "/nonexistent.toml"}).status == 3);
}
