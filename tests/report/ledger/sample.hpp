#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "issu/report/ledger/dates.hpp"
#include "issu/report/ledger/entry.hpp"

namespace issu::ledger::testing {

/// A committed upgrade that was measured.
inline Entry entry(int number, const std::string& started = "2026-11-10T12:00:00.000Z") {
  Entry entry;
  entry.router = "edge1";
  entry.id = "run-" + std::to_string(number);
  entry.backend = "lxc";
  entry.strategy = "restart";
  entry.kind = "rootfs";
  entry.from = "8.4.4";
  entry.to = "10.3";
  entry.outcome = "committed";
  entry.started = wall_of(started).value_or(-1);
  entry.duration_s = 20.5;
  entry.stepped_s = 0.0;
  entry.boot = "boot-1";
  entry.lost = 0;
  entry.impact_ms = 0.0;
  entry.dark_ms = 400.0 + number;
  entry.sessions_down = 2;
  entry.size = {100'000, std::nullopt, 2};
  return entry;
}

/// The same as the result document that it comes from.
inline nlohmann::ordered_json document(int number, const std::string& outcome = "committed") {
  return {{"id", "run-" + std::to_string(number)},
          {"router", "edge1"},
          {"started", "2026-11-10T12:00:00.000Z"},
          {"backend", "lxc"},
          {"kind", "rootfs"},
          {"strategy", "restart"},
          {"from", "8.4.4"},
          {"to", "10.3"},
          {"outcome", outcome},
          {"data_plane", {{"measured", true}, {"lost", 7}}},
          {"control_plane",
           {{"measured", true},
            {"dark_ms", 400.0 + number},
            {"sessions", {{{"went_down", true}}, {{"went_down", false}}}}}},
          {"npu", {{"routes_before", 100000}}},
          {"rfc7654", {{"tpl_ms", 0.7}}},
          {"clock", {{"duration_s", 20.5}, {"stepped_s", 0.0}, {"boot", "boot-1"}}}};
}

inline void append(const std::filesystem::path& history, const nlohmann::ordered_json& document) {
  std::ofstream(history, std::ios::app) << document.dump() << "\n";
}

}  // namespace issu::ledger::testing
