#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace issu::report {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

/// Puts OpenMetrics text together, a family after the other. All are gauges: the parser of
/// node_exporter's textfile collector knows the older text format, and refuses a whole file for a
/// type that is not in it. No time stamps, for the same reason.
class MetricText {
 public:
  /// Begins a family. A name with a unit ends in it ("issu_upgrade_dark_seconds", "seconds").
  void family(const std::string& name, const std::string& unit, const std::string& help);
  /// A sample of the family that was begun last.
  void sample(const MetricLabels& labels, double value);
  /// The text, with its end. Families without a sample are left out.
  [[nodiscard]] std::string text() const { return text_ + "# EOF\n"; }

 private:
  std::string name_;
  std::string head_;  ///< of a family without a sample so far
  std::string text_;
};

}  // namespace issu::report
