#include "issu/measure/recorder.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "issu/base/file.hpp"
#include "issu/measure/result_json.hpp"

namespace issu::measure {
namespace {

Result<void> write_whole(const Fd& fd, std::string_view text, const std::string& name) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd.get(), text.data(), text.size());
    if (count < 0 && errno != EINTR) {
      return fail_errno("writing " + name);
    }
    text.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
  }
  return {};
}

}  // namespace

Result<Recorder> Recorder::open(const std::filesystem::path& folder) {
  const auto path = folder / "timeline.jsonl";
  Fd timeline(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
  if (!timeline) {
    return fail_errno("creating " + path.string());
  }
  return Recorder(folder, std::move(timeline));
}

Result<void> Recorder::append(const std::string& line) {
  return write_whole(timeline_, line + "\n", (folder_ / "timeline.jsonl").string());
}

Result<void> Recorder::live(const Live& live) {
  const auto path = folder_ / "live.json";
  const std::string beside = path.string() + ".new";
  const Fd file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) {
    return fail_errno("creating " + beside);
  }
  ISSU_TRY(write_whole(file, live_to_json(live), beside), "replacing " + path.string());
  if (::rename(beside.c_str(), path.c_str()) != 0) {
    return fail_errno("renaming " + beside);
  }
  return {};
}

Result<void> Recorder::sample(const Live& live) {
  nlohmann::json streams = nlohmann::json::object();
  for (const LiveStream& stream : live.streams) {
    streams[stream.name] = {stream.sent, stream.received, stream.lost};
  }
  return append(nlohmann::json{{"t", live.at}, {"streams", streams}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace));
}

Result<void> Recorder::event(const PeerEvent& event) {
  return append(nlohmann::json{
      {"t", event.at}, {"peer", event.peer}, {"session", event.session}, {"event", event.what}}
                    .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

Result<void> Recorder::result(const Measurement& measurement) {
  return write_file_atomic(folder_ / "result.json", measurement_to_json(measurement), 0600);
}

}  // namespace issu::measure
