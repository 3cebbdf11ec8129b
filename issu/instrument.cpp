#include "issu/instrument.hpp"

#include <algorithm>
#include <sstream>

#include "issu/base/file.hpp"
#include "issu/measure/probe.hpp"

namespace issu {
ProcessId Instrument::process() const {
  const auto text = read_file(process_file(), 256);
  ProcessId process;
  std::string id;
  if (text) {
    std::istringstream(*text) >> id >> process.pid >> process.start_ticks;
  }
  return id == id_ ? process : ProcessId{};
}

Result<void> Instrument::start() {
  if (plan_.streams.empty() && plan_.peers.empty() && plan_.echoes.empty()) {
    return {};
  }
  if (process().pid != 0) {
    return {};
  }
  // A coordinator that was killed while it started one did not note it: that one is ended first.
  ISSU_TRY(end_process(measure::Probe::find(dir_), std::chrono::seconds(2)), "ending a lost probe");
  ISSU_TRY(remove_tree(dir_), "making room for what is measured");
  ISSU_TRY(make_dirs(dir_), "making room for what is measured");
  auto started = measure::Probe::start(plan_, dir_);
  if (!started) {
    return fail(std::move(started).error());
  }
  return write_file_atomic(process_file(), id_ + " " + std::to_string(started->pid) + " " +
                                               std::to_string(started->start_ticks) + "\n");
}

Result<LiveView> Instrument::live() const {
  LiveView view;
  if (!is_alive(process())) {
    return view;
  }
  const auto live = measure::read_live(dir_);
  if (!live) {
    return view;
  }
  view.running = live->begin != 0;
  view.sent = live->sent();
  view.lost = live->lost();
  view.longest_gap_ms = live->longest_gap_ms();
  view.sessions_down = static_cast<std::uint64_t>(
      std::count_if(live->sessions.begin(), live->sessions.end(),
                    [](const auto& session) { return !session.established; }));
  for (const auto& session : live->sessions) {
    view.dark_ms = std::max(view.dark_ms, session.longest_down_ms);
  }
  return view;
}

Result<void> Instrument::stop() {
  ProcessId running = process();
  if (running.pid == 0) {
    running = measure::Probe::find(dir_);
  }
  if (!is_alive(running)) {
    return {};
  }
  if (auto measurement = measure::Probe::stop(running, dir_); !measurement) {
    return pass(std::move(measurement).error(), "ending the measurement");
  }
  return {};
}

}  // namespace issu
