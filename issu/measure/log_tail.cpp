#include "issu/measure/log_tail.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <string_view>

namespace issu::measure {
namespace {

struct Phrase {
  std::string_view text;
  SessionNews news;
};

constexpr Phrase phrases[] = {
    {"BGP session established", SessionNews::up},
    {"BGP session closed", SessionNews::down},
    {"State changed to stop", SessionNews::down},
    {"State changed to flush", SessionNews::down},
    {"Neighbor graceful restart detected", SessionNews::held},
    {"Neighbor graceful restart done", SessionNews::refreshed},
    {"Neighbor graceful restart timeout", SessionNews::dropped},
};

/// "Neighbor 192.0.2.1 on router changed state from Full to Down" of the protocol "ospf4": news of
/// "ospf4 192.0.2.1".
std::optional<BirdNews> ospf_news(std::int64_t at, const std::string& protocol,
                                  std::string_view message) {
  constexpr std::string_view neighbor = "Neighbor ";
  constexpr std::string_view changed = " changed state from ";
  const std::size_t on = message.find(" on ");
  const std::size_t from = message.find(changed);
  if (!message.starts_with(neighbor) || on == std::string_view::npos ||
      from == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view states = message.substr(from + changed.size());
  const bool up = states.ends_with(" to Full");
  if (!up && !states.starts_with("Full to ")) {
    return std::nullopt;
  }
  const std::string_view id = message.substr(neighbor.size(), on - neighbor.size());
  return BirdNews{at, protocol + " " + std::string(id), up ? SessionNews::up : SessionNews::down};
}

}  // namespace

std::vector<std::string> LogTail::lines() {
  std::vector<std::string> found;
  if (path_.empty()) {
    return found;
  }
  struct stat status {};
  if (::stat(path_.c_str(), &status) != 0) {
    started_ = true;
    return found;
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (!file_ || status.st_ino != inode_ || size < offset_) {
    file_ = Fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    inode_ = status.st_ino;
    offset_ = started_ ? 0 : size;
    rest_.clear();
  }
  started_ = true;
  char buffer[16384];
  for (;;) {
    const ssize_t count = ::pread(file_.get(), buffer, sizeof buffer, static_cast<off_t>(offset_));
    if (count <= 0) {
      break;
    }
    offset_ += static_cast<std::uint64_t>(count);
    rest_.append(buffer, static_cast<std::size_t>(count));
  }
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    found.push_back(rest_.substr(begin, end - begin));
  }
  rest_.erase(0, begin);
  return found;
}

std::optional<std::int64_t> parse_local_time(const std::string& text) {
  std::tm parts{};
  int fraction_begin = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2d %2d:%2d:%2d.%n", &parts.tm_year, &parts.tm_mon,
                  &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec,
                  &fraction_begin) != 6 ||
      fraction_begin == 0) {
    return std::nullopt;
  }
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  parts.tm_isdst = -1;
  const std::time_t seconds = std::mktime(&parts);
  if (seconds == -1) {
    return std::nullopt;
  }
  std::int64_t fraction = 0;
  std::int64_t unit = 100'000'000;
  for (std::size_t i = static_cast<std::size_t>(fraction_begin);
       i < text.size() && text[i] >= '0' && text[i] <= '9' && unit > 0; ++i, unit /= 10) {
    fraction += (text[i] - '0') * unit;
  }
  return static_cast<std::int64_t>(seconds) * 1'000'000'000 + fraction;
}

std::optional<BirdNews> parse_bird_log(const std::string& line) {
  const std::size_t level = line.find(" <");
  const std::size_t name = line.find("> ", level == std::string::npos ? 0 : level);
  if (level == std::string::npos || name == std::string::npos) {
    return std::nullopt;
  }
  const std::size_t colon = line.find(": ", name);
  const auto at = parse_local_time(line.substr(0, level));
  if (colon == std::string::npos || !at) {
    return std::nullopt;
  }
  const std::string_view message = std::string_view(line).substr(colon + 2);
  for (const Phrase& phrase : phrases) {
    if (message.starts_with(phrase.text)) {
      return BirdNews{*at, line.substr(name + 2, colon - name - 2), phrase.news};
    }
  }
  return ospf_news(*at, line.substr(name + 2, colon - name - 2), message);
}

}  // namespace issu::measure
