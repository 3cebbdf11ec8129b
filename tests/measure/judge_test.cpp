#include <doctest/doctest.h>

#include <netinet/in.h>

#include "issu/measure/destinations.hpp"
#include "issu/measure/evaluate.hpp"
#include "issu/measure/frame.hpp"
#include "issu/measure/plan_json.hpp"
#include "issu/measure/result_json.hpp"

using namespace issu;
using namespace issu::measure;

namespace {

StreamResult clean_stream() {
  StreamResult stream;
  stream.name = "s";
  stream.rate_pps = 1000;
  stream.sent = 1000;
  stream.totals.received = 1000;
  return stream;
}

StreamEvidence clean_evidence() {
  StreamEvidence evidence;
  evidence.flowed = true;
  evidence.seconds = 1;
  evidence.planned = 1000;
  return evidence;
}

Measurement with_downs(std::vector<SessionDown> downs) {
  Measurement measurement;
  SessionResult session;
  session.measured = true;
  session.downs = std::move(downs);
  measurement.sessions.push_back(session);
  return measurement;
}

MeasurePlan small_plan() {
  MeasurePlan plan;
  plan.streams.push_back({"s",
                          "a",
                          "b",
                          {{*state_sync::Prefix::parse("10.0.0.0/24"), 3},
                           {*state_sync::Prefix::parse("10.9.9.9/32"), 2}},
                          "192.0.2.1",
                          1000,
                          64});
  plan.peers.push_back({"p", "bird", "/run/bird.ctl", {"rt1"}, "/var/log/bird.log"});
  return plan;
}

}  // namespace

TEST_CASE("a clean stream is measured, and each fault alone makes it not measured") {
  StreamResult stream = clean_stream();
  judge(stream, clean_evidence());
  CHECK(stream.measured);

  const auto refused = [](auto change) {
    StreamResult broken = clean_stream();
    StreamEvidence evidence = clean_evidence();
    change(broken, evidence);
    judge(broken, evidence);
    CHECK(broken.why_not.size() >= 1);
    return !broken.measured;
  };
  CHECK(refused([](auto&, auto& evidence) { evidence.flowed = false; }));
  CHECK(refused([](auto& broken, auto&) { broken.sent = broken.totals.received = 0; }));
  CHECK(refused([](auto& broken, auto&) {
    broken.totals.received = 0;
    broken.totals.lost = 1000;
  }));
  CHECK(refused([](auto& broken, auto&) { broken.totals.came_back = false; }));
  CHECK(refused([](auto& broken, auto&) { broken.overrun = 1; }));
  CHECK(refused([](auto& broken, auto&) { broken.refused = 1; }));
  CHECK(refused([](auto&, auto& evidence) { evidence.planned = 2000; }));
  CHECK(refused([](auto&, auto& evidence) { evidence.send_gap = 2'000'000'000; }));
  CHECK(refused([](auto& broken, auto&) { broken.totals.received = 999; }));
}

TEST_CASE("lost frames that came back are measured, with both impact times") {
  StreamResult stream = clean_stream();
  stream.totals.received = 900;
  stream.totals.lost = 100;
  stream.totals.total_gap = 101'000'000;
  judge(stream, clean_evidence());
  CHECK(stream.measured);
  CHECK(stream.impact_loss_ms == 100);
  CHECK(stream.impact_timestamp_ms == 101);
}

TEST_CASE("the whole is measured when all of it is") {
  Measurement measurement;
  sum_up(measurement);
  CHECK_FALSE(measurement.measured);
  measurement.streams = {clean_stream(), clean_stream()};
  for (StreamResult& stream : measurement.streams) {
    judge(stream, clean_evidence());
  }
  sum_up(measurement);
  CHECK(measurement.measured);
  CHECK(measurement.sent == 2000);
  CHECK(measurement.rate_pps == 2000);
  measurement.instrument.faults.emplace_back("the receiver ended");
  sum_up(measurement);
  CHECK_FALSE(measurement.measured);
}

TEST_CASE("control-plane dark time") {
  CHECK_FALSE(control_plane_dark(Measurement{}, 0, 100));
  CHECK(control_plane_dark(with_downs({}), 0, 100) == 0.0);
  const Measurement measurement = with_downs({{1'000'000, 3'000'000}, {50'000'000, 51'000'000}});
  CHECK(control_plane_dark(measurement, 0, 10'000'000) == 2.0);
  CHECK(control_plane_dark(measurement, 4'000'000, 90'000'000) == 1.0);
  CHECK(control_plane_dark(measurement, 4'000'000, 5'000'000) == 0.0);
  CHECK_FALSE(control_plane_dark(with_downs({{1'000'000, 0}}), 0, 10'000'000));
  Measurement blind = with_downs({});
  blind.sessions[0].measured = false;
  CHECK_FALSE(control_plane_dark(blind, 0, 100));
}

TEST_CASE("frames and destinations") {
  std::uint8_t bytes[Frame::size];
  write_frame(Frame{7, true, 0x1122334455667788U, 42, 987654321}, bytes);
  const auto frame = read_frame(bytes);
  REQUIRE(frame);
  CHECK(frame->stream == 7);
  CHECK(frame->warm_up);
  CHECK(frame->run == 0x1122334455667788U);
  CHECK(frame->number == 42);
  CHECK(frame->sent == 987654321);
  bytes[0] ^= 1U;
  CHECK_FALSE(read_frame(bytes));
  CHECK_FALSE(read_frame({bytes, 31}));

  const Destinations destinations(small_plan().streams[0].destinations, 5000);
  CHECK(destinations.count() == 5);
  const auto address = [&](std::uint64_t n) {
    sockaddr_storage out{};
    CHECK(destinations.address(n, out) == sizeof(sockaddr_in));
    return ntohl(reinterpret_cast<sockaddr_in*>(&out)->sin_addr.s_addr);
  };
  CHECK(address(0) == 0x0a000001);
  CHECK(address(2) == 0x0a000201);
  CHECK(address(3) == 0x0a090909);
  CHECK(address(4) == 0x0a09090a);
  CHECK(address(5) == 0x0a000001);
}

TEST_CASE("a plan survives JSON") {
  const MeasurePlan plan = small_plan();
  auto again = plan_from_json(plan_to_json(plan));
  REQUIRE_MESSAGE(again, again.error().message());
  CHECK(plan_to_json(*again) == plan_to_json(plan));
  CHECK(again->streams[0].destinations[1].count == 2);
  CHECK(again->peers[0].sessions == std::vector<std::string>{"rt1"});
  CHECK_FALSE(plan_from_json("{}"));
  CHECK_FALSE(plan_from_json("{\"streams\": [], \"peers\": 3}"));
}

TEST_CASE("all that is wrong with a plan is told at once") {
  MeasurePlan plan = small_plan();
  plan.streams.push_back(plan.streams[0]);
  plan.streams[0].rate_pps = 0;
  plan.streams[0].payload_bytes = 8;
  plan.streams[1].destinations.push_back({*state_sync::Prefix::parse("2001:db8::/64"), 1});
  plan.peers[0].kind = "vendor";
  auto checked = check_plan(plan);
  REQUIRE_FALSE(checked);
  const std::string message = checked.error().message();
  for (const char* words : {"rate_pps", "payload_bytes", "mixes", "two streams", "vendor"}) {
    CAPTURE(words);
    CHECK(message.find(words) != std::string::npos);
  }
}

TEST_CASE("a result survives JSON, what is unknown as null") {
  Measurement measurement;
  StreamResult stream = clean_stream();
  stream.gaps.push_back({1, 2, 3});
  judge(stream, clean_evidence());
  measurement.streams.push_back(stream);
  measurement.sessions.push_back(with_downs({{1, 2}}).sessions[0]);
  sum_up(measurement);
  const std::string text = measurement_to_json(measurement);
  CHECK(text.find("\"graceful_restart\": null") != std::string::npos);
  auto again = measurement_from_json(text);
  REQUIRE_MESSAGE(again, again.error().message());
  CHECK(measurement_to_json(*again) == text);
  CHECK_FALSE(again->sessions[0].graceful_restart);
  CHECK_FALSE(measurement_from_json("{\"measured\": true}"));
  CHECK_FALSE(measurement_from_json("torn {"));
  Live live;
  live.state = "counting";
  live.streams.push_back({"s", 5, 4, 1, 0.5});
  auto seen = live_from_json(live_to_json(live));
  REQUIRE(seen);
  CHECK(seen->lost() == 1);
}

TEST_CASE("delays: percentiles to a sixteenth, and each frame in one bucket") {
  Histogram times;
  for (MonoNs i = 1; i <= 1000; ++i) {
    times.add(i * 1000);
  }
  const Latency latency = latency_of(times);
  CHECK(latency.min_us == 1);
  CHECK(latency.p50_us == doctest::Approx(500).epsilon(0.07));
  CHECK(latency.p90_us == doctest::Approx(900).epsilon(0.07));
  CHECK(latency.p99_us == doctest::Approx(990).epsilon(0.07));
  CHECK(latency.p999_us >= latency.p99_us);
  CHECK(latency.max_us == 1000);
  std::uint64_t frames = 0;
  double last = 0;
  for (const LatencyBucket& bucket : latency.histogram) {
    CHECK(bucket.up_to_us > last);
    last = bucket.up_to_us;
    frames += bucket.frames;
  }
  CHECK(frames == 1000);
  CHECK(latency_of(Histogram{}).histogram.empty());
}

TEST_CASE("a receiver that gives no account of what it dropped has not measured") {
  StreamResult stream = clean_stream();
  StreamEvidence evidence = clean_evidence();
  evidence.overrun_known = false;
  judge(stream, evidence);
  CHECK_FALSE(stream.measured);
}
