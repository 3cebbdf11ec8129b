#pragma once

#include <string>

#include "issu/report/document.hpp"

namespace issu::report::testing {

/// An upgrade of which everything was measured.
inline Document measured_document() {
  Document document;
  document.id = "20260131-120000";
  document.router = "edge1";
  document.started = "2026-01-31T12:00:00.000Z";
  document.backend = "lxc";
  document.kind = "rootfs";
  document.strategy = "restart";
  document.from = "8.4.4";
  document.to = "10.3";
  document.outcome = "committed";
  document.phases = {{"preflight", 0.4, "ok", "", 0.0},
                     {"freeze", 0.02, "ok", "", 4.0},
                     {"soak", 5, "ok", "", 4.5}};
  document.data_plane.measured = true;
  document.data_plane.rate_pps = 10'000;
  document.data_plane.sent = 20'000;
  document.data_plane.lost = 0;
  StreamLine stream;
  stream.name = "east-v4";
  stream.measured = true;
  stream.rate_pps = 10'000;
  stream.sent = 20'000;
  stream.received = 20'000;
  stream.impact_frame_loss_ms = 0.5;
  document.data_plane.streams = {stream};
  document.control_plane.measured = true;
  document.control_plane.dark_ms = 1200.0;
  document.control_plane.parts = {{"old daemons fenced", 18.0}, {"new ones answer", 1182.0}};
  document.control_plane.sessions = {{"east", "bgp", true, true, 1200.0, true, 0}};
  document.npu = {"kernel", 100'000, 100'000, 0, 3};
  document.t1_s = 1;
  document.t2_s = 2;
  document.t3_s = 3;
  document.budget_ms = 2000;
  document.evidence = "/var/lib/issu/edge1/evidence";
  document.setting.device = {"QEMU Standard PC",    "a processor",           2,  8ULL << 30U, "yes",
                             "Debian GNU/Linux 12", "Linux 6.1.0-50 x86_64", "", ""};
  document.setting.ports = {{"east", {"192.0.2.1/24"}, "virtual Ethernet (veth)", "e in east"}};
  document.setting.neighbours = {{"east", "bird", 2}};
  document.setting.load = {{"east-v4", "east", "west", 4, 30'000, {24}, 10'000, 110}};
  document.setting.control_protocols = {"bgp"};
  document.setting.configuration = {true, "", {"new: frr version 10.3"}, {}};
  document.timeline = Timeline{2.0,
                               0.5,
                               {{"east-v4",
                                 {5000, 5000, 5000, 5000},
                                 {5000, 5000, 5000, 5000},
                                 std::vector<std::uint64_t>{0, 0, 0, 0}}},
                               std::vector<TimelineSession>{{"east", "bgp", true, {{2.6, 3.8}}}}};
  return document;
}

/// One whose instrument was killed in the middle: what it had counted by then is no figure.
inline Document unmeasured_document() {
  Document document = measured_document();
  const std::string why = "the instrument ended without a result: killed";
  document.data_plane = {};
  document.data_plane.why_not = why;
  document.control_plane = {};
  document.control_plane.why_not = why;
  document.outcome = "rolled-back";
  document.reason = "the measurement is gone";
  document.timeline->streams[0].lost.reset();
  document.timeline->sessions.reset();
  document.setting.configuration = {false, "the daemons did not answer", {}, {}};
  return document;
}

/// One that was refused before anything was known.
inline Document refused_document() {
  Document document;
  document.id = "20260131-120001";
  document.router = "edge1";
  document.backend = "lxc";
  document.strategy = "restart";
  document.outcome = "refused";
  document.reason = "the router edge1 is not up";
  document.data_plane.why_not = document.control_plane.why_not = "nothing was begun";
  document.npu.driver = "kernel";
  return document;
}

}  // namespace issu::report::testing
