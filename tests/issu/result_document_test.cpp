#include "issu/result_document.hpp"

#include <fstream>

#include "issu/configuration.hpp"
#include "issu/result_setting.hpp"
#include "tests/issu/router_lab.hpp"

namespace issu::tests {
namespace {

constexpr MonoNs second = 1'000'000'000;

/// An upgrade that stands in its soak, with an instrument of which only files are there.
struct Measured : Lab {
  Records records;
  Instrument instrument;

  Measured() : instrument(store.evidence(), "u1", plan()) {
    config.measure = plan();
    REQUIRE(make_dirs(instrument.dir()));
    add(Event::opened, std::nullopt, 10);
    add(Event::begun, Phase::preflight, 10);
    add(Event::done, Phase::preflight, 11, {{"from", "8.4.4"}, {"to", "10.3"}});
    add(Event::begun, Phase::stage, 11);
    add(Event::done, Phase::stage, 13);
  }

  static measure::MeasurePlan plan() {
    measure::StreamPlan stream;
    stream.name = "west";
    stream.rate_pps = 1000;
    return {{stream}, {{"east", "bird", "/run/bird.ctl", {"router"}}}};
  }

  void add(Event event, std::optional<Phase> phase, MonoNs at, nlohmann::json facts = {}) {
    Record record{event, phase, "", std::move(facts), at * second, at * second};
    if (record.facts.is_null()) {
      record.facts = nlohmann::json::object();
    }
    records.push_back(std::move(record));
  }

  void count(int seconds) {
    std::ofstream file(instrument.dir() / "timeline.jsonl");
    for (int i = 0; i <= seconds * 10; ++i) {
      file << R"({"streams":{"west":[)" << i * 100 << "," << i * 100 << R"(,0]},"t":)"
           << 12 * second + i * second / 10 << "}\n";
    }
  }

  Context context() {
    return {config,
            rp,
            npu,
            store,
            instrument,
            records,
            {},
            backends::Slot::a,
            backends::Slot::b,
            4,
            [] { return std::string(); },
            [](const std::string&) {}};
  }

  nlohmann::ordered_json result() {
    Decision decision;
    decision.kind = Decision::Kind::finished;
    decision.outcome = Outcome::rolled_back;
    decision.reason = "the loss is not measured any more";
    return build_document({config, rp, npu, store}, context(), records, decision);
  }
};

TEST_CASE("a probe that was killed: named, no figure is 0, and the picture has what it counted") {
  Measured lab;
  lab.count(3);
  std::ofstream(lab.instrument.dir() / "probe.log") << "killed while counting\n";
  const auto json = lab.result();
  CHECK(json["data_plane"]["measured"] == false);
  CHECK(json["data_plane"]["why_not"].get<std::string>().find(
            "the instrument ended without a result: killed while counting") != std::string::npos);
  CHECK(json["data_plane"]["rate_pps"] == 1000.0);
  CHECK(json["control_plane"]["why_not"] == json["data_plane"]["why_not"]);
  for (const char* figure : {"sent", "lost", "longest_gap_ms"}) {
    CHECK(json["data_plane"][figure].is_null());
  }
  CHECK(json["rfc7654"]["tpl_frames"].is_null());
  const auto& timeline = json["timeline"];
  CHECK(timeline["from_s"] == 2.0);
  CHECK(timeline["step_s"] == 0.1);
  CHECK(timeline["streams"][0]["received"] == std::vector<int>(30, 100));
  CHECK(timeline["streams"][0]["lost"].is_null());
  CHECK(timeline["sessions"].is_null());
}

TEST_CASE("phases say when they began, and not across a boot of the machine") {
  Measured lab;
  lab.add(Event::begun, Phase::checkpoint, 3);  // its clock began anew
  const auto json = lab.result();
  CHECK(json["phases"][1]["from_s"] == 1.0);
  CHECK(json["phases"][1]["seconds"] == 2.0);
  CHECK(json["phases"][2]["from_s"].is_null());
  CHECK(json["timeline"].is_null());
}

TEST_CASE("a restore that took a second try is an anomaly that says why") {
  Measured lab;
  const auto before = lab.result()["rfc7654"]["anomalies"]["during"].size();
  lab.add(Event::done, Phase::switchover, 14, {{"first_try", "no space left"}});
  const auto during = lab.result()["rfc7654"]["anomalies"]["during"];
  REQUIRE(during.size() == before + 1);
  CHECK(during.back() ==
        "the daemons were restored at the second try, the first said: no space left");
}

TEST_CASE("the configuration is compared across the upgrade, or it is said why not") {
  Measured lab;
  CHECK(lab.result()["rfc7654"]["configuration"]["why_not"] ==
        "it ended before the configuration was asked for");
  lab.world.configuration[backends::Slot::a] = "frr version 8.4.4\nhostname r\n";
  Context context = lab.context();
  REQUIRE(note_configuration(context));
  lab.add(Event::done, Phase::checkpoint, 14, {{"routes", 1000}});
  // Back in the old slot nothing may have changed.
  auto delta = lab.result()["rfc7654"]["configuration"];
  CHECK(delta["compared"] == true);
  CHECK(delta["unexpected"].empty());
  lab.world.configuration[backends::Slot::a] = "frr version 8.4.4\n";
  delta = lab.result()["rfc7654"]["configuration"];
  CHECK(delta["unexpected"] == std::vector<std::string>{"gone: hostname r"});
  // A side that has come with a new release.
  lab.world.configuration[backends::Slot::b] = "frr version 10.3\nhostname r\n";
  REQUIRE(lab.store.set_active({backends::Slot::b, 5}));
  delta = lab.result()["rfc7654"]["configuration"];
  CHECK(delta["unexpected"].empty());
  CHECK(delta["release"] ==
        std::vector<std::string>{"gone: frr version 8.4.4", "new: frr version 10.3"});
  lab.world.configuration.clear();
  CHECK(lab.result()["rfc7654"]["configuration"]["why_not"] ==
        "the daemons did not say their configuration after the upgrade");
}

TEST_CASE("what the neighbours are left with is an anomaly, what was not measured is none") {
  measure::Measurement seen;
  measure::SessionResult fine;
  fine.peer = "east";
  fine.measured = fine.established_before = fine.established_after = true;
  fine.routes_before = fine.routes_after = 10;
  measure::SessionResult down = fine;
  down.established_after = false;
  measure::SessionResult fewer = fine;
  fewer.routes_after = 9;
  measure::SessionResult unknown = down;
  unknown.measured = false;
  seen.sessions = {fine, unknown};
  report::NpuTables npu;
  CHECK(anomalies_after(seen, npu).empty());
  seen.sessions = {fine, down, fewer};
  npu.routes_before = 10;
  npu.routes_after = 12;
  CHECK(anomalies_after(seen, npu) ==
        std::vector<std::string>{"the bgp session of east is not up at the end",
                                 "the bgp session of east has 9 routes of the 10 before",
                                 "the NPU has 12 routes, 10 before"});
}

}  // namespace
}  // namespace issu::tests
