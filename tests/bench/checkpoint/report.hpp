#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace issu::bench {

/// What was measured, by number of routes and then by name, a value a repetition.
class Figures {
 public:
  void add(std::uint64_t routes, const std::string& name, double value) {
    values_[routes][name].push_back(value);
  }
  /// 0 when there is none.
  [[nodiscard]] double median(std::uint64_t routes, const std::string& name) const;
  /// The medians beside each other, and their ratios.
  void print() const;

 private:
  std::map<std::uint64_t, std::map<std::string, std::vector<double>>> values_;
};

}  // namespace issu::bench
