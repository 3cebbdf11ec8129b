#include "issu/cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "issu/base/json.hpp"

namespace issu::cli {
namespace {

/// A log file gets a line so often, a terminal far more often.
constexpr MonoNs log_interval = 5'000'000'000;

}  // namespace

Progress::Progress() : terminal_(isatty(STDERR_FILENO) == 1) {}

void Progress::clear_line() {
  if (line_open_) {
    fmt::print(stderr, "\r\033[K");
    line_open_ = false;
  }
}

void Progress::record(const Record& record) {
  clear_line();
  const std::string name(record.phase ? name_of(*record.phase) : std::string_view());
  switch (record.event) {
    case Event::opened:
      opened_ = record.mono;
      fmt::print(stderr, "upgrade {} to {}\n", value_of(record.facts, "id", ""),
                 value_of(record.facts, "image", ""));
      break;
    case Event::begun:
    case Event::undoing:
      begun_ = last_tick_ = record.mono;
      phase_ = record.event == Event::begun ? name : "undo of " + name;
      if (terminal_) {
        fmt::print(stderr, "  {:<22} …", phase_);
        line_open_ = true;
      }
      break;
    case Event::done:
    case Event::undone:
      ended(record, record.event == Event::done ? "ok" : "undone");
      break;
    case Event::failed:
      ended(record, "FAILED: " + record.text);
      break;
    case Event::requested:
      fmt::print(stderr, "  {} was asked for\n", record.text);
      break;
    case Event::closed:
      // Who came to it later did not see it begin.
      fmt::print(stderr, "{}{}\n", record.text,
                 opened_ == 0 ? "" : fmt::format(" after {:.1f} s", to_s(record.mono - opened_)));
      break;
  }
}

void Progress::ended(const Record& record, const std::string& how) {
  if (phase_.empty()) {
    // Somebody who came to it later, `issu abort` for one, did not see it begin.
    const std::string name(record.phase ? name_of(*record.phase) : std::string_view());
    fmt::print(stderr, "  {:<22} {:>8}    {}\n",
               (record.event == Event::undone ? "undo of " : "") + name, "", how);
    return;
  }
  fmt::print(stderr, "  {:<22} {:>8.3f} s  {}\n", phase_, to_s(record.mono - begun_), how);
  phase_.clear();
}

void Progress::remark(const std::string& text) {
  clear_line();
  fmt::print(stderr, "  {}\n", text);
}

void Progress::tick(const LiveView& live) {
  const MonoNs now = mono_now();
  if (phase_.empty() || (!terminal_ && now - last_tick_ < log_interval)) {
    return;
  }
  last_tick_ = now;
  std::string line = fmt::format("  {:<22} {:>8.1f} s", phase_, to_s(now - begun_));
  if (live.running) {
    line += fmt::format("  {} sent, {} lost, longest gap {:.1f} ms, {} sessions down", live.sent,
                        live.lost, live.longest_gap_ms, live.sessions_down);
  }
  if (terminal_) {
    fmt::print(stderr, "\r\033[K{}", line);
    line_open_ = true;
  } else {
    fmt::print(stderr, "{}\n", line);
  }
}

}  // namespace issu::cli
