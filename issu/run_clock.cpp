#include "issu/run_clock.hpp"

#include <fmt/format.h>

#include <cmath>

#include "issu/base/file.hpp"

namespace issu {

std::string boot_id() {
  const auto text = read_file("/proc/sys/kernel/random/boot_id", 64);
  return text ? text->substr(0, text->find('\n')) : "";
}

RunClock run_clock(const Records& records, const std::string& boot_now) {
  RunClock clock;
  if (records.empty()) {
    return clock;
  }
  clock.boot = records.front().facts.value("boot", "");
  const MonoNs took = records.back().mono - records.front().mono;
  if (clock.boot.empty() || clock.boot != boot_now || took < 0) {
    return clock;  // CLOCK_MONOTONIC began anew
  }
  clock.duration_s = to_s(took);
  // The two clocks are read one after the other: what is below a millisecond says nothing.
  const MonoNs stepped = records.back().wall - records.front().wall - took;
  clock.stepped_s = static_cast<double>(stepped / 1'000'000) / 1e3;
  return clock;
}

nlohmann::ordered_json to_json(const RunClock& clock) {
  using Json = nlohmann::ordered_json;
  return {{"duration_s", clock.duration_s ? Json(*clock.duration_s) : Json(nullptr)},
          {"stepped_s", clock.stepped_s ? Json(*clock.stepped_s) : Json(nullptr)},
          {"boot", clock.boot.empty() ? Json(nullptr) : Json(clock.boot)}};
}

std::string clock_anomaly(const RunClock& clock) {
  if (!clock.stepped_s || std::abs(*clock.stepped_s) <= 1) {
    return "";
  }
  return fmt::format("the wall clock was set {} by {:.1f} s while it ran; durations are not by it",
                     *clock.stepped_s > 0 ? "forward" : "back", std::abs(*clock.stepped_s));
}

}  // namespace issu
