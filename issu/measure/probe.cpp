#include "issu/measure/probe.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "issu/base/file.hpp"
#include "issu/measure/plan_json.hpp"
#include "issu/measure/recorder.hpp"
#include "issu/measure/result_json.hpp"

namespace issu::measure {
namespace {

constexpr std::chrono::seconds start_patience{15};
constexpr std::chrono::seconds stop_patience{10};
constexpr MonoNs stale_after = 3'000'000'000;
constexpr std::uintmax_t timeline_limit = 4ULL << 30U;

/// Beside the program that runs, as built and as installed; else on PATH.
std::string probe_program() {
  std::error_code error;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto beside = own.parent_path() / "issu-probe";
  return !error && ::access(beside.c_str(), X_OK) == 0 ? beside.string() : "issu-probe";
}

std::string last_words(const std::filesystem::path& folder) {
  const auto log = read_file(folder / "probe.log");
  if (!log || log->empty()) {
    return "it left no message in " + (folder / "probe.log").string();
  }
  return log->substr(log->size() - std::min<std::size_t>(log->size(), 500));
}

/// All that the plan names, none of it measured: what an instrument that was killed has seen is
/// not known to the end, and half of it is no result.
Measurement dead_measurement(const std::filesystem::path& folder) {
  Measurement measurement;
  measurement.died = true;
  const std::string why = "the instrument ended without a result: " + last_words(folder);
  measurement.why_not.push_back(why);
  const auto text = read_file(folder / "plan.json");
  const auto plan = text ? plan_from_json(*text) : Result<MeasurePlan>(MeasurePlan{});
  if (!plan) {
    return measurement;
  }
  for (const StreamPlan& planned : plan->streams) {
    StreamResult stream;
    stream.name = planned.name;
    stream.rate_pps = planned.rate_pps;
    stream.why_not = {why};
    measurement.rate_pps += planned.rate_pps;
    measurement.streams.push_back(std::move(stream));
  }
  for (const PeerPlan& peer : plan->peers) {
    const auto add = [&](const std::vector<std::string>& names, const char* protocol) {
      for (const std::string& name : names) {
        SessionResult session;
        session.peer = peer.name;
        session.session = name;
        session.protocol = protocol;
        session.why_not = why;
        measurement.sessions.push_back(std::move(session));
      }
    };
    add(peer.sessions, "bgp");
    add(peer.ospf, "ospf");
    add(peer.bfd, "bfd");
  }
  for (const EchoPlan& planned : plan->echoes) {
    EchoResult echo;
    echo.name = planned.name;
    echo.address = planned.address;
    echo.rate_pps = planned.rate_pps;
    echo.why_not = why;
    measurement.echoes.push_back(std::move(echo));
  }
  return measurement;
}

}  // namespace

std::uint64_t Live::sent() const {
  std::uint64_t sum = 0;
  for (const LiveStream& stream : streams) {
    sum += stream.sent;
  }
  return sum;
}

std::uint64_t Live::received() const {
  std::uint64_t sum = 0;
  for (const LiveStream& stream : streams) {
    sum += stream.received;
  }
  return sum;
}

std::uint64_t Live::lost() const {
  std::uint64_t sum = 0;
  for (const LiveStream& stream : streams) {
    sum += stream.lost;
  }
  return sum;
}

double Live::longest_gap_ms() const {
  double longest = 0;
  for (const LiveStream& stream : streams) {
    longest = std::max(longest, stream.longest_gap_ms);
  }
  return longest;
}

Result<ProcessId> Probe::start(const MeasurePlan& plan, const std::filesystem::path& folder) {
  ISSU_TRY(check_plan(plan), "starting the measurement");
  ISSU_TRY(make_dirs(folder), "starting the measurement");
  for (const char* old : {"result.json", "live.json", "timeline.jsonl", "probe.log", room_file}) {
    ISSU_TRY(remove_tree(folder / old), "starting the measurement");
  }
  ISSU_TRY(write_file_atomic(folder / "plan.json", plan_to_json(plan)), "starting the measurement");
  SpawnOptions options;
  options.log = folder / "probe.log";
  auto process = spawn_detached(
      {probe_program(), "--plan", (folder / "plan.json").string(), "--out", folder.string()},
      options);
  if (!process) {
    return pass(std::move(process).error(), "starting the measurement");
  }
  const bool ready = wait_until(
      [&] {
        const auto live = read_live(folder);
        return !is_alive(*process) || (live && live->begin != 0);
      },
      Deadline::in(start_patience));
  if (!is_alive(*process)) {
    return fail("the instrument ended before it measured: " + last_words(folder));
  }
  if (!ready) {
    static_cast<void>(end_process(*process, std::chrono::seconds(2)));
    return fail("the instrument did not begin to count within 15 s: " + last_words(folder), "",
                ErrorKind::timeout);
  }
  return *process;
}

ProcessId Probe::find(const std::filesystem::path& folder) {
  const std::string wanted = std::string("--out") + '\0' + folder.string() + '\0';
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    const auto words = read_file(entry.path() / "cmdline", 1U << 20U);
    if (words && words->find("issu-probe") != std::string::npos && words->ends_with(wanted)) {
      return identify(std::stoi(name));
    }
  }
  return {};
}

Result<Measurement> Probe::stop(const ProcessId& process, const std::filesystem::path& folder) {
  ISSU_TRY(send_signal(process, SIGTERM), "ending the measurement");
  if (!wait_until([&] { return !is_alive(process); }, Deadline::in(stop_patience))) {
    ISSU_TRY(send_signal(process, SIGKILL), "ending the measurement");
  }
  return read_result(folder);
}

Result<Live> read_live(const std::filesystem::path& folder) {
  auto text = read_file(folder / "live.json");
  if (!text) {
    return pass(std::move(text).error(), "reading how the measurement stands");
  }
  auto live = live_from_json(*text);
  if (live && live->state != "done" && mono_now() - live->at > stale_after) {
    return fail(
        "the instrument has not written " + (folder / "live.json").string() + " for more than 3 s",
        "it died or hangs: see probe.log beside it");
  }
  return live;
}

Result<Measurement> read_result(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::exists(folder / "result.json", error)) {
    return dead_measurement(folder);
  }
  auto text = read_file(folder / "result.json");
  if (!text) {
    return pass(std::move(text).error(), "reading the measurement");
  }
  return measurement_from_json(*text);
}

Result<std::vector<TimelinePoint>> read_timeline(const std::filesystem::path& folder) {
  auto text = read_file(folder / "timeline.jsonl", timeline_limit);
  if (!text) {
    return pass(std::move(text).error(), "reading the timeline");
  }
  std::vector<TimelinePoint> timeline;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    const auto document = nlohmann::json::parse(line, nullptr, false);
    if (!document.is_object() || !document.contains("streams")) {
      continue;
    }
    TimelinePoint point;
    point.at = document.value("t", MonoNs{0});
    for (const auto& [name, counts] : document["streams"].items()) {
      if (counts.is_array() && counts.size() == 3) {
        point.sent += counts[0].get<std::uint64_t>();
        point.received += counts[1].get<std::uint64_t>();
        point.lost += counts[2].get<std::uint64_t>();
      }
    }
    timeline.push_back(point);
  }
  return timeline;
}

std::uint64_t sent_between(const std::vector<TimelinePoint>& timeline, MonoNs begin, MonoNs end) {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  for (const TimelinePoint& point : timeline) {
    if (point.at <= begin) {
      first = point.sent;
    }
    if (point.at <= end) {
      last = point.sent;
    }
  }
  return last - std::min(first, last);
}

}  // namespace issu::measure
