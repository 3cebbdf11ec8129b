#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "issu/base/result.hpp"

namespace issu::measure {

/// One try at a rate, all streams together.
struct LimitTrial {
  double pps = 0;       ///< asked for
  double sent_pps = 0;  ///< really sent
  bool held = false;    ///< all that was planned was sent, and all of it came through
  std::string why_not;  ///< in words, when it was not held
};

/// The highest rate that this machine held, instrument and kernel router together.
struct Limit {
  std::optional<double> pps;       ///< no value: it held not even the lowest that was tried
  std::vector<LimitTrial> trials;  ///< in the order of the search
};

struct LimitOptions {
  double lowest_pps = 10'000;
  double highest_pps = 1'000'000;
  std::chrono::milliseconds trial{1000};
  std::filesystem::path folder;  ///< where the instrument writes meanwhile; removed afterwards
};

/// Decides which rate is tried next: doubled while it is held, then the gap between what was held
/// and what was not is halved until it is less than a tenth. No value: the search has ended.
std::optional<double> next_rate(const LimitOptions& options, const std::vector<LimitTrial>& trials);

/// The highest rate that was held, if any was.
std::optional<double> held_rate(const std::vector<LimitTrial>& trials);

/// Searches it: a plain Linux router between two sides, in namespaces of its own, four streams
/// (each side to each side, IPv4 and IPv6). What a router under test loses beyond this rate may be
/// the machine's. `tell` is called after each trial. Takes some ten trials of `trial` and two
/// seconds each. Needs root.
Result<Limit> find_limit(const LimitOptions& options,
                         const std::function<void(const LimitTrial&)>& tell);

/// The form in which it is printed and kept: {"held_pps", "trials": [...]}.
std::string limit_to_json(const Limit& limit);

/// Reads `held_pps` of a file with that form; no value where there is none.
std::optional<double> kept_limit(const std::filesystem::path& file);

}  // namespace issu::measure
