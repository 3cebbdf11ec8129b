#include "issu/instrument.hpp"

#include <algorithm>
#include <sstream>

#include "issu/base/file.hpp"
#include "issu/measure/probe.hpp"

namespace issu {
namespace {

/// How long frames may take until they flow, and sessions until they were asked about once.
constexpr auto warm_up = std::chrono::seconds(12);

}  // namespace

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
  if (plan_.streams.empty() && plan_.peers.empty()) {
    return {};
  }
  if (process().pid != 0) {
    return {};
  }
  ISSU_TRY(remove_tree(dir_), "making room for what is measured");
  ISSU_TRY(make_dirs(dir_), "making room for what is measured");
  auto process = measure::Probe::start(plan_, dir_);
  if (!process) {
    return fail(std::move(process).error());
  }
  ISSU_TRY(write_file_atomic(process_file(), id_ + " " + std::to_string(process->pid) + " " +
                                                 std::to_string(process->start_ticks) + "\n"),
           "noting the measurement's process");
  const bool counting = wait_until(
      [&] {
        const auto live = measure::read_live(dir_);
        return (live && live->begin != 0) || !is_alive(*process);
      },
      Deadline::in(warm_up));
  if (!counting || !is_alive(*process)) {
    return fail("the probe does not count: frames do not flow through the router",
                "its log is in " + dir_.string() + "; look at the streams in router.toml");
  }
  return {};
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
  return view;
}

Result<void> Instrument::stop() {
  const ProcessId running = process();
  if (running.pid == 0 || !is_alive(running)) {
    return {};
  }
  if (auto measurement = measure::Probe::stop(running, dir_); !measurement) {
    return pass(std::move(measurement).error(), "ending the measurement");
  }
  return {};
}

}  // namespace issu
