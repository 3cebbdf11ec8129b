#include "issu/report/ledger/dates.hpp"

#include <cstdio>
#include <ctime>

namespace issu::ledger {
namespace {

constexpr std::int64_t second = 1'000'000'000;

std::int64_t begin_of(int year, int month) {
  std::tm parts{};
  parts.tm_year = year - 1900;
  parts.tm_mon = month;  // 12 is January of the next year
  parts.tm_mday = 1;
  return static_cast<std::int64_t>(timegm(&parts)) * second;
}

std::tm parts_of(std::int64_t wall_ns) {
  const std::time_t seconds = wall_ns / second - (wall_ns % second < 0 ? 1 : 0);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

/// So many digits at the front of `text`, taken off; no value where there are other characters.
std::optional<int> digits(std::string_view& text, std::size_t how_many) {
  if (text.size() < how_many) {
    return std::nullopt;
  }
  int value = 0;
  for (const char c : text.substr(0, how_many)) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(how_many);
  return value;
}

/// The same behind a character.
std::optional<int> behind(char mark, std::string_view& text, std::size_t how_many) {
  if (text.empty() || text.front() != mark) {
    return std::nullopt;
  }
  text.remove_prefix(1);
  return digits(text, how_many);
}

}  // namespace

std::optional<std::int64_t> wall_of(std::string_view text) {
  const auto year = digits(text, 4);
  const auto month = behind('-', text, 2);
  const auto day = behind('-', text, 2);
  if (!year || !month || !day) {
    return std::nullopt;
  }
  std::tm parts{};
  parts.tm_year = *year - 1900;
  parts.tm_mon = *month - 1;
  parts.tm_mday = *day;
  std::int64_t milliseconds = 0;
  if (!text.empty()) {
    const auto hour = behind('T', text, 2);
    const auto minute = behind(':', text, 2);
    const auto seconds = behind(':', text, 2);
    if (!hour || !minute || !seconds || *hour > 23 || *minute > 59 || *seconds > 60) {
      return std::nullopt;
    }
    parts.tm_hour = *hour;
    parts.tm_min = *minute;
    parts.tm_sec = *seconds;
    if (const auto fraction = behind('.', text, 3); fraction) {
      milliseconds = *fraction;
    }
    if (text != "Z") {
      return std::nullopt;
    }
  }
  const std::tm wanted = parts;
  const std::time_t time = timegm(&parts);
  if (parts.tm_mon != wanted.tm_mon || parts.tm_mday != wanted.tm_mday) {
    return std::nullopt;  // the 31st of a month without one
  }
  return static_cast<std::int64_t>(time) * second + milliseconds * 1'000'000;
}

Span month_with(std::int64_t wall_ns) {
  const std::tm parts = parts_of(wall_ns);
  const int year = parts.tm_year + 1900;
  char name[32] = {};
  std::snprintf(name, sizeof name, "%04d-%02d", year, parts.tm_mon + 1);
  return {name, begin_of(year, parts.tm_mon), begin_of(year, parts.tm_mon + 1)};
}

Span year_with(std::int64_t wall_ns) {
  const int year = parts_of(wall_ns).tm_year + 1900;
  return {std::to_string(year), begin_of(year, 0), begin_of(year + 1, 0)};
}

}  // namespace issu::ledger
