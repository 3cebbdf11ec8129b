#pragma once

#include <string>
#include <vector>

#include "issu/measure/measurement.hpp"
#include "issu/measure/plan.hpp"
#include "tests/backends/daemons/daemon_lab.hpp"

namespace issu::test {

/// A Linux router ("r", ports p1 and p2) between two far sides ("f1" with e1, "f2" with e2) that
/// accept every address behind them, and the instrument across it.
class RouterLab {
 public:
  RouterLab();
  /// The instrument ends with the lab, also when the test fails.
  ~RouterLab();

  /// Four streams of `rate` each: right4, left4, right6, left6, over prefixes of several lengths.
  measure::MeasurePlan plan(double rate);
  /// Loads rules into the router.
  void nft(const std::string& rules);
  /// Packets that the named counter of the table `inet cut` counted.
  std::uint64_t nft_counter(const std::string& name);

  /// Starts the instrument and waits until it counts.
  ProcessId start(const measure::MeasurePlan& wanted);
  [[nodiscard]] std::filesystem::path out() const { return lab.folder() / "measure"; }

  DaemonLab lab;
  ProcessId process;

 private:
  void side(const std::string& name, const std::string& n, const std::string& v4,
            const std::string& v6);
};

/// Prints the streams of a measurement, the instrument's own account and why it is not measured.
void show(const measure::Measurement& measurement);

/// Whether one of the reasons has these words.
bool tells(const std::vector<std::string>& reasons, const std::string& words);

}  // namespace issu::test
