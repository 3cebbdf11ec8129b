#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "issu/compare/document.hpp"
#include "issu/report/figures.hpp"

namespace issu::compare {
namespace {

/// Three digits that tell something, none more than a clock has.
std::string digits(double value) {
  const double size = std::fabs(value);
  if (size == 0) {
    return "0";
  }
  if (size >= 1000) {
    return report::grouped(std::llround(value));
  }
  return fmt::format("{:.{}f}", value, size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

std::string spread(const Side& side, const std::string& unit) {
  const auto [low, high] = std::minmax_element(side.values.begin(), side.values.end());
  return *low == *high ? fmt::format("{} runs", side.values.size())
                       : fmt::format("{} to {}, {} runs", shown(*low, unit), shown(*high, unit),
                                     side.values.size());
}

}  // namespace

std::string shown(double value, const std::string& unit) {
  if (unit == "bytes") {
    return value >= 1024.0 * 1024 * 1024 ? fmt::format("{:.2f} GiB", value / (1024.0 * 1024 * 1024))
                                         : fmt::format("{:.1f} MiB", value / (1024.0 * 1024));
  }
  if (unit == "s") {
    return digits(value) + " s";
  }
  if (unit == "ms") {
    return value >= 10'000 ? fmt::format("{:.1f} s", value / 1000) : digits(value) + " ms";
  }
  const bool whole = value == std::floor(value);
  return whole ? report::grouped(std::llround(value)) : digits(value);
}

std::string shown(const Side& side, const std::string& unit) {
  if (!side.measured()) {
    return "not measured: " + side.why_not;
  }
  std::string text = side.value ? shown(*side.value, unit) : side.text;
  if (side.value && side.values.size() > 1) {
    text += " (" + spread(side, unit) + ")";
  }
  if (side.value && !side.text.empty()) {
    text += ", " + side.text;
  }
  return text + (side.extrapolated ? ", extrapolated" : "");
}

std::string shown(const Ratio& ratio) {
  return ratio.vms_to_containers ? digits(*ratio.vms_to_containers) : "– (" + ratio.why_not + ")";
}

}  // namespace issu::compare
