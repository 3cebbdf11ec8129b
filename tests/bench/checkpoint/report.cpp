#include "tests/bench/checkpoint/report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace issu::bench {

double Figures::median(std::uint64_t routes, const std::string& name) const {
  const auto size = values_.find(routes);
  if (size == values_.end() || size->second.count(name) == 0) {
    return 0;
  }
  std::vector<double> values = size->second.at(name);
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

void Figures::print() const {
  fmt::print("\nMedians, ms\n{:>9} {:>8} {:>8} | {:>7} {:>7} {:>7} {:>7} {:>7} | {:>8} {:>8}\n",
             "routes", "MB", "dark", "cond.", "freeze", "dump", "restore", "cond.", "lxc-chk",
             "restart");
  for (const auto& [routes, ignored] : values_) {
    const auto value = [&, size = routes](const char* name) { return median(size, name); };
    fmt::print(
        "{:>9} {:>8.1f} {:>8.1f} | {:>7.1f} {:>7.1f} {:>7.1f} {:>7.1f} {:>7.1f} | {:>8.1f} "
        "{:>8.0f}\n",
        routes, value("bytes") / 1e6, value("dark"), value("take"), value("freeze"), value("dump"),
        value("restore"), value("give back"), value("lxc-checkpoint"), value("restart"));
  }
  fmt::print(
      "\nmemcpy of as many bytes through a tmpfs, ms, and the dark time beside it\n{:>9} {:>9} "
      "{:>9} {:>9} {:>9} | {:>9} {:>9} | {:>12} {:>12}\n",
      "routes", "in cold", "in warm", "out cold", "out warm", "x cold", "x warm", "x lxc-check",
      "x restart");
  for (const auto& [routes, ignored] : values_) {
    const auto value = [&, size = routes](const char* name) { return median(size, name); };
    // Memory that is restored is new to the process: what goes out never meets warm pages.
    const double cold = value("in cold") + value("out cold");
    const double warm = value("in warm") + value("out cold");
    const auto against = [&](double other) { return other > 0 ? value("dark") / other : 0; };
    fmt::print(
        "{:>9} {:>9.1f} {:>9.1f} {:>9.1f} {:>9.1f} | {:>9.2f} {:>9.2f} | {:>12.3f} "
        "{:>12.4f}\n",
        routes, value("in cold"), value("in warm"), value("out cold"), value("out warm"),
        against(cold), against(warm), against(value("lxc-checkpoint")), against(value("restart")));
  }
}

}  // namespace issu::bench
