#include "issu/report/document.hpp"

#include <doctest/doctest.h>

namespace issu::report {
namespace {

Document measured_document() {
  Document document;
  document.id = "1";
  document.router = "edge1";
  document.outcome = "committed";
  document.phases = {{"preflight", 0.4, "ok", ""}};
  document.data_plane.measured = true;
  document.data_plane.sent = 20'000;
  document.data_plane.lost = 0;
  StreamLine stream;
  stream.name = "east-v4";
  stream.measured = true;
  stream.sent = 20'000;
  stream.impact_frame_loss_ms = 0.5;
  document.data_plane.streams = {stream};
  document.control_plane.measured = true;
  document.control_plane.dark_ms = 1200.0;
  document.control_plane.sessions = {{"east", "bgp", true, true, 1200.0, true, 0}};
  document.npu = {"kernel", 100'000, 100'000, 0, 3};
  document.t1_s = 1;
  document.t2_s = 2;
  document.t3_s = 3;
  document.budget_ms = 2000;
  return document;
}

TEST_CASE("a measured zero is 0") {
  const auto json = to_json(measured_document());
  CHECK(json["data_plane"]["lost"] == 0);
  CHECK(json["npu"]["deleted_while_dark"] == 0);
  CHECK(json["control_plane"]["sessions"][0]["routes_withdrawn"] == 0);
  CHECK(json["rfc7654"]["t4_s"] == 6.0);
  CHECK(json["rfc7654"]["tpl_ms"] == 0.5);
  CHECK(json["sla"]["left_ms"] == 800.0);
}

TEST_CASE("what was not measured is null, never 0 (invariant 6)") {
  Document document = measured_document();
  document.data_plane.measured = false;
  document.data_plane.why_not = "the receiver overran";
  document.data_plane.streams[0].measured = false;
  document.control_plane.measured = false;
  document.control_plane.dark_ms.reset();
  document.control_plane.sessions[0].measured = false;
  document.npu = {};
  document.t3_s.reset();
  const auto json = to_json(document);
  for (const char* key : {"lost", "duplicated", "reordered", "longest_gap_ms"}) {
    CHECK(json["data_plane"][key].is_null());
    CHECK(json["data_plane"]["streams"][0][key].is_null());
  }
  CHECK(json["data_plane"]["why_not"] == "the receiver overran");
  CHECK(json["control_plane"]["dark_ms"].is_null());
  CHECK(json["control_plane"]["sessions"][0]["went_down"].is_null());
  CHECK(json["npu"]["deleted_while_dark"].is_null());
  CHECK(json["rfc7654"]["tpl_frames"].is_null());
  CHECK(json["rfc7654"]["t4_s"].is_null());
  CHECK(json["sla"]["measured_ms"].is_null());
  CHECK(json["sla"]["left_ms"].is_null());
}

TEST_CASE("an instrument that died has no counts, not even of what was sent") {
  Document document = measured_document();
  document.data_plane.measured = false;
  document.data_plane.sent.reset();
  document.data_plane.streams[0].measured = false;
  document.data_plane.streams[0].sent.reset();
  document.control_plane.echoes.emplace_back();
  const auto json = to_json(document);
  CHECK(json["data_plane"]["sent"].is_null());
  CHECK(json["data_plane"]["streams"][0]["sent"].is_null());
  CHECK(json["data_plane"]["streams"][0]["received"].is_null());
  CHECK(json["data_plane"]["instrument"]["overrun"].is_null());
  CHECK(json["control_plane"]["echoes"][0]["asked"].is_null());
  CHECK(to_text(json).find("of not measured sent") != std::string::npos);
}

TEST_CASE("the table says the figures, and says what was not measured") {
  Document document = measured_document();
  std::string text = to_text(to_json(document));
  CHECK(text.find("0 lost of 20000 sent") != std::string::npos);
  CHECK(text.find("dark for 1200.0 ms") != std::string::npos);
  document.data_plane.measured = false;
  document.data_plane.why_not = "the probe was killed";
  text = to_text(to_json(document));
  CHECK(text.find("not measured lost of") != std::string::npos);
  CHECK(text.find("the probe was killed") != std::string::npos);
}

TEST_CASE("what was refused early has no versions to tell") {
  Document document = measured_document();
  document.to.clear();
  document.kind.clear();
  const std::string text = to_text(to_json(document));
  const std::string first = text.substr(0, text.find('\n'));
  CAPTURE(first);
  CHECK(first.find("->") == std::string::npos);
  CHECK(first.find(", ,") == std::string::npos);
}

TEST_CASE("daemons that were frozen: how long, and in what parts, in both forms") {
  Document document = measured_document();
  CHECK_FALSE(to_json(document)["control_plane"].contains("frozen_ms"));
  document.control_plane.frozen = Frozen{479.4, {{"dump", 274.4}, {"restore", 205.0}}, 10U << 20U};
  auto json = to_json(document);
  CHECK(json["control_plane"]["frozen_ms"] == 479.4);
  CHECK(json["control_plane"]["saved_bytes"] == 10U << 20U);
  CHECK(json["control_plane"]["frozen_parts"][1]["ms"] == 205.0);
  const std::string text = to_text(json);
  CHECK(text.find("frozen for 479.4 ms, 10.0 MiB saved") != std::string::npos);
  CHECK(text.find("restore") != std::string::npos);

  document.control_plane.frozen->ms.reset();
  json = to_json(document);
  CHECK(json["control_plane"]["frozen_ms"].is_null());
  CHECK(to_text(json).find("frozen for not measured") != std::string::npos);
}

}  // namespace
}  // namespace issu::report
