#include "issu/report/rfc7654.hpp"

#include <doctest/doctest.h>

#include "tests/report/sample.hpp"

namespace issu::report {
namespace {

using testing::measured_document;

/// What a row says; empty when there is no such row.
std::string row(const std::vector<Section>& sections, const std::string& section,
                const std::string& name) {
  for (const Section& each : sections) {
    for (const auto& [key, value] : each.rows) {
      if (each.title == section && key == name) {
        return value;
      }
    }
  }
  return "";
}

TEST_CASE("all that section 7 of the RFC asks for is there, with its unit") {
  const auto json = to_json(measured_document());
  const auto report = rfc7654_report(json, {json});
  CHECK(row(report, "Time results", "T1 download, secondary update") == "1.000 s");
  CHECK(row(report, "Time results", "T4 = T1 + T2 + T3, maintenance window") == "6.000 s");
  CHECK(row(report, "Time results", "TPL_frames, traffic disruption") == "0 frames");
  CHECK(row(report, "Time results", "TPL_time, traffic impact time") == "0.500 ms");
  CHECK(row(report, "Device under test", "hardware") ==
        "QEMU Standard PC; a processor, 2 processors, 8.0 GiB of memory; a virtual machine itself");
  CHECK(row(report, "Device under test", "kernel") == "Linux 6.1.0-50 x86_64");
  CHECK(row(report, "Device under test", "routing software") == "8.4.4, then 10.3");
  CHECK(row(report, "Topology", "port east") ==
        "192.0.2.1/24 to e in east, virtual Ethernet (veth)");
  CHECK(row(report, "Load", "east-v4") ==
        "east to west, IPv4 UDP, 100 % of the load, 10000 frames/s of 110 octets over 30000 "
        "prefixes of length 24");
  CHECK(row(report, "Anomalies", "during") == "none");
  CHECK(row(report, "Anomalies", "after") == "none");
  CHECK(row(report, "Configuration deltas", "of the release") == "new: frr version 10.3");
  CHECK(row(report, "Configuration deltas", "unexpected") == "none");
  CHECK(row(report, "Recommended table", "traffic load") == "10000 frames/s, 8800000 bit/s");
  CHECK(row(report, "Recommended table", "number of trials") == "1");
  CHECK(row(report, "Recommended table", "protocols") == "IPv4 UDP; bgp");
  CHECK(row(report, "Recommended table", "frame size") == "110 octets");
  CHECK(row(report, "Recommended table", "port speed") == "not known");
  CHECK(row(report, "Recommended table", "prefixes flapped, on and off interval") ==
        "0 by the instrument, which flaps none");
}

TEST_CASE("averages are of all trials, and of none when one of them was not measured") {
  Document other = measured_document();
  other.id = "other";
  other.data_plane.lost = 3;
  other.data_plane.streams[0].impact_frame_loss_ms = 1.5;
  Document back = other;
  back.from.swap(back.to);
  const auto json = to_json(measured_document());
  std::vector<nlohmann::ordered_json> all{to_json(other), json, to_json(back)};
  auto report = rfc7654_report(json, trials_of(json, all));
  CHECK(row(report, "Recommended table", "number of trials") == "2");
  CHECK(row(report, "Recommended table", "disruption (average)") == "1.5 frames");
  CHECK(row(report, "Recommended table", "impact time (average)") == "1.000 ms");

  other.data_plane.measured = false;
  all[0] = to_json(other);
  report = rfc7654_report(json, trials_of(json, all));
  CHECK(row(report, "Recommended table", "disruption (average)") ==
        "not measured in every one of the trials");
}

TEST_CASE("one that is not in the history is a trial all the same") {
  const auto json = to_json(measured_document());
  CHECK(trials_of(json, {}).size() == 1);
  CHECK(trials_of(json, {nlohmann::ordered_json(nullptr), json}).size() == 1);
}

TEST_CASE("what is not known is said to be so, what was not measured, too") {
  const auto json = to_json(testing::refused_document());
  const auto report = rfc7654_report(json, {json});
  CHECK(row(report, "Time results", "T1 download, secondary update") == "not reached");
  CHECK(row(report, "Time results", "TPL_frames, traffic disruption") == "not measured");
  CHECK(row(report, "Device under test", "hardware").find("not known") != std::string::npos);
  CHECK(row(report, "Device under test", "routing software") ==
        "not known: it was refused before the image was read");
  CHECK(row(report, "Load", "streams") == "none: no load was offered");
  CHECK(row(report, "Anomalies", "after") == "not measured");
  CHECK(row(report, "Configuration deltas", "not compared") == "nobody asked the daemons");
  CHECK(row(report, "Recommended table", "disruption (average)") == "not measured");
}

TEST_CASE("a document of before this form shows what it has") {
  auto json = to_json(measured_document());
  json["rfc7654"].erase("device");
  const auto report = rfc7654_report(json, {json});
  REQUIRE(report.size() == 1);
  CHECK(row(report, "Time results", "T2 upgrade, run") == "2.000 s");
}

}  // namespace
}  // namespace issu::report
