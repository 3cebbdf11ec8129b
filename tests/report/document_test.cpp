#include "issu/report/document.hpp"

#include <doctest/doctest.h>

#include "tests/report/sample.hpp"

namespace issu::report {
namespace {

using testing::measured_document;

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
  document.data_plane.streams[0].received.reset();
  document.control_plane.echoes.emplace_back();
  const auto json = to_json(document);
  CHECK(json["data_plane"]["sent"].is_null());
  CHECK(json["data_plane"]["streams"][0]["sent"].is_null());
  CHECK(json["data_plane"]["streams"][0]["received"].is_null());
  CHECK(json["data_plane"]["instrument"]["overrun"].is_null());
  CHECK(json["control_plane"]["echoes"][0]["asked"].is_null());
  CHECK(to_text(json).find("frames were sent") == std::string::npos);
}

TEST_CASE("an instrument that was killed took its count along: what was sent is not known") {
  const auto json = to_json(testing::unmeasured_document());
  CHECK(json["data_plane"]["sent"].is_null());
  CHECK(to_text(json).find("frames were sent") == std::string::npos);
  Document overrun = measured_document();
  overrun.data_plane.measured = false;
  overrun.data_plane.why_not = "the receiver overran";
  CHECK(to_text(to_json(overrun)).find("20000 frames were sent") != std::string::npos);
}

TEST_CASE("the table says the figures, and says what was not measured") {
  Document document = measured_document();
  std::string text = to_text(to_json(document));
  CHECK(text.find("0 lost of 20000 sent") != std::string::npos);
  CHECK(text.find("dark for 1200.0 ms") != std::string::npos);
  document.data_plane.measured = false;
  document.data_plane.why_not = "the probe was killed";
  text = to_text(to_json(document));
  CHECK(text.find("data plane     not measured: the probe was killed") != std::string::npos);
  CHECK(text.find("0 lost") == std::string::npos);
  document.control_plane.measured = false;
  document.control_plane.dark_ms.reset();
  document.control_plane.why_not = "east: never answered";
  text = to_text(to_json(document));
  CHECK(text.find("control plane  not measured: east: never answered") != std::string::npos);
}

TEST_CASE("an upgrade that went back, needs a person or was not measured reads as such") {
  std::string text = to_text(to_json(testing::unmeasured_document()));
  CHECK(text.find("rolled-back") != std::string::npos);
  CHECK(text.find("because: the measurement is gone") != std::string::npos);
  CHECK(text.find("data plane     not measured: the instrument ended without a result: killed") !=
        std::string::npos);
  CHECK(text.find(" 0 lost") == std::string::npos);
  CHECK(text.find("TPL_frames, traffic disruption           not measured") != std::string::npos);
  Document stuck = testing::measured_document();
  stuck.outcome = "needs-operator";
  stuck.reason = "the old side does not start: bgpd exit 1";
  text = to_text(to_json(stuck));
  CHECK(text.find("needs-operator") != std::string::npos);
  CHECK(text.find("because: the old side does not start: bgpd exit 1") != std::string::npos);
  text = to_text(to_json(testing::refused_document()));
  CHECK(text.find("refused") != std::string::npos);
  CHECK(text.find("nothing was touched") != std::string::npos);
  // A page of what was not done would hide the reason.
  CHECK(text.find("not measured") == std::string::npos);
  CHECK(text.find("RFC 7654") == std::string::npos);
}

TEST_CASE(
    "at the end of an upgrade stands what happened; the sections for an auditor are asked for") {
  const auto json = to_json(testing::measured_document());
  CHECK(summary_text(json).find("lost of") != std::string::npos);
  CHECK(summary_text(json).find("RFC 7654") == std::string::npos);
  CHECK(to_text(json).starts_with(summary_text(json)));
  CHECK(to_text(json).find("RFC 7654, section 7") != std::string::npos);
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
