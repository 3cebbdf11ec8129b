#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "issu/base/clock.hpp"
#include "issu/base/fd.hpp"
#include "issu/measure/session_track.hpp"

namespace issu::measure {

/// Reads the lines that are appended to a log, from its end at the first call on.
class LogTail {
 public:
  /// An empty path: there is no log.
  explicit LogTail(std::filesystem::path path) : path_(std::move(path)) {}
  /// New whole lines. A log that was cut or replaced is read from its begin.
  std::vector<std::string> lines();

 private:
  std::filesystem::path path_;
  Fd file_;
  std::uint64_t inode_ = 0;
  std::uint64_t offset_ = 0;
  bool started_ = false;
  std::string rest_;
};

/// One line of BIRD's log about a protocol.
struct BirdNews {
  std::int64_t wall_ns = 0;
  std::string session;  ///< the protocol; of OSPF with the neighbour's id: "ospf4 192.0.2.1"
  SessionNews news{};
};

/// Reads "2026-11-23 13:32:32.066 <TRACE> rt1: BGP session closed" (local time, with or without a
/// fraction); nothing when the line says nothing about a session.
std::optional<BirdNews> parse_bird_log(const std::string& line);

/// "2026-11-23 13:32:32.066" in local time, as nanoseconds since 1970; nothing when it is not so,
/// or has no fraction of a second.
std::optional<std::int64_t> parse_local_time(const std::string& text);

}  // namespace issu::measure
