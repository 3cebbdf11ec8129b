// What lies in the state folder, whole and readable, and is not what a coordinator wrote.

#include <doctest/doctest.h>

#include "tests/issu/router_lab.hpp"

namespace issu {
namespace {

using nlohmann::json;

TEST_CASE("options of other types than they have are as if they were not there") {
  const auto options = options_from_json(
      json::parse(R"({"id":7,"image":[],"strategy":null,"way_back":{},"soak_s":"long",
                      "auto_accept":1,"over_budget":"yes","from":0,"epoch":-1})"));
  CHECK(options.id.empty());
  CHECK(options.strategy == "restart");
  CHECK(options.soak_s == 60);
  CHECK_FALSE(options.auto_accept);
  CHECK(options.epoch == 0);
}

TEST_CASE("an active slot that is none needs a person") {
  const tests::TempDir dir;
  const SlotStore store(dir.path());
  for (const char* text : {R"({"slot":"c","epoch":1})", R"({"slot":7,"epoch":1})",
                           R"({"slot":"a","epoch":"1"})", R"({"slot":"a","epoch":-1})", "{}"}) {
    CAPTURE(text);
    REQUIRE(write_file_atomic(dir / "active.json", text));
    const auto active = store.active();
    REQUIRE_FALSE(active);
    CHECK(active.error().kind() == ErrorKind::needs_person);
  }
  REQUIRE(make_dirs(store.slot_dir(backends::Slot::a)));
  REQUIRE(write_file_atomic(store.slot_dir(backends::Slot::a) / "image.json",
                            R"({"version":7,"sha256":[]})"));
  const auto image = store.image(backends::Slot::a);
  REQUIRE(image);
  CHECK_FALSE(store.verified(backends::Slot::a, **image));
}

TEST_CASE("a history of other documents is read past") {
  const tests::TempDir dir;
  REQUIRE(write_file_atomic(dir / "history", "{\"id\":7,\"outcome\":[]}\n[]\n{\"id\":\"two\"}\n"));
  const auto history = read_history(dir / "history");
  REQUIRE(history);
  CHECK(find_document(*history, "two"));
  CHECK_FALSE(find_document(*history, "one"));
  REQUIRE(write_file_atomic(dir / "history", "{\"id\":7}\n"));
  CHECK(append_history(dir / "history", {{"id", "three"}}));
}

TEST_CASE("a journal of facts that no phase left ends all the same") {
  tests::Lab lab;
  lab.open("abort");
  {
    auto journal = Journal::open(lab.store.journal());
    REQUIRE(journal);
    const json strange = json::parse(
        R"({"kind":7,"from":[],"to":{},"memory":"x","predicted_ms":"y","over_budget":3,
            "below_minimum":{},"forecast":[],"unswept":1,"left_over":null,"cold_start":2,
            "cold_way_back":[],"first_try":[3],"dark_from":"x","dump_ms":true,"saved":-5,"fenced":{},
            "answering":"now","way_back_ms":"w","ports_ms":"p","total_ms":[],"routes":"many"})");
    for (const PhaseRow& row : phase_table) {
      if (row.reversible) {
        // Its end stands there, its beginning does not.
        REQUIRE(journal->append({Event::done, row.phase, "", strange}));
        REQUIRE(journal->append({Event::undone, row.phase, "", strange}));
      }
    }
  }
  CHECK(lab.run());
  CHECK_FALSE(is_open(*Journal::read(lab.store.journal())));
}

TEST_CASE("a reason that is no UTF-8 is told, not stumbled over") {
  tests::Lab lab;
  lab.open();
  lab.world.fault = [](const std::string& verb) -> Result<void> {
    return verb == "boot b" ? fail("the daemon said: \xff\xfe\x80") : Result<void>();
  };
  CHECK(*lab.run() == Outcome::rolled_back);
  CHECK(lab.document()["reason"].get<std::string>().find("the daemon said: ") != std::string::npos);
}

}  // namespace
}  // namespace issu
