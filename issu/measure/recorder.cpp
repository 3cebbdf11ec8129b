#include "issu/measure/recorder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "issu/base/file.hpp"
#include "issu/measure/result_json.hpp"

namespace issu::measure {
namespace {

/// Of the timeline's room on the disk that is taken in advance: some minutes.
constexpr off_t timeline_room = 512 << 10;
/// For the result's.
constexpr off_t result_room = 256 << 10;

bool is_full(int error_number) {
  return error_number == ENOSPC || error_number == EDQUOT;
}

/// The errno of it; 0: all was written.
int write_whole(const Fd& fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd.get(), text.data(), text.size());
    if (count < 0 && errno != EINTR) {
      return errno;
    }
    text.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
  }
  return 0;
}

}  // namespace

Result<Recorder> Recorder::open(const std::filesystem::path& folder) {
  const auto path = folder / "timeline.jsonl";
  Fd timeline(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
  if (!timeline) {
    return fail_errno("creating " + path.string());
  }
  const auto kept = folder / room_file;
  const Fd room(::open(kept.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!room) {
    return fail_errno("creating " + kept.string());
  }
  // Where it can't be had in advance there is what is left when it is needed.
  static_cast<void>(::fallocate(timeline.get(), FALLOC_FL_KEEP_SIZE, 0, timeline_room));
  static_cast<void>(::fallocate(room.get(), FALLOC_FL_KEEP_SIZE, 0, result_room));
  return Recorder(folder, std::move(timeline));
}

Result<void> Recorder::append(const std::string& line) {
  const int error_number = write_whole(timeline_, (torn_ ? "\n" : "") + line + "\n");
  // A line may be there in part.
  torn_ = is_full(error_number);
  if (error_number != 0 && !torn_) {
    return fail(
        Error::from_errno("writing " + (folder_ / "timeline.jsonl").string(), error_number));
  }
  return {};
}

Result<void> Recorder::live(const Live& live) {
  const auto path = folder_ / "live.json";
  const std::string beside = path.string() + ".new";
  const std::string text = live_to_json(live);
  int error_number = 0;
  {
    const Fd file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    error_number = file ? write_whole(file, text) : errno;
  }
  if (error_number == 0 && ::rename(beside.c_str(), path.c_str()) != 0) {
    error_number = errno;
  }
  if (is_full(error_number)) {
    static_cast<void>(::unlink(beside.c_str()));
    return live_in_place(text);
  }
  if (error_number != 0) {
    return fail(Error::from_errno("replacing " + path.string(), error_number));
  }
  return {};
}

Result<void> Recorder::live_in_place(std::string text) {
  const auto path = folder_ / "live.json";
  const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  struct stat now {};
  if (!file || ::fstat(file.get(), &now) != 0) {
    return fail_errno("writing " + path.string());
  }
  // In one call, and blank where longer words stood: a look in between finds hardly ever a mixture,
  // and the next one, a fifth of a second later, none.
  text.resize(std::max(text.size(), static_cast<std::size_t>(now.st_size)), ' ');
  if (::pwrite(file.get(), text.data(), text.size(), 0) < 0 && !is_full(errno)) {
    return fail_errno("writing " + path.string());
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
  static_cast<void>(::unlink((folder_ / room_file).c_str()));
  return write_file_atomic(folder_ / "result.json", measurement_to_json(measurement), 0600);
}

}  // namespace issu::measure
