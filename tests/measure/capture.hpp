#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "issu/measure/plan.hpp"
#include "tests/backends/daemons/daemon_lab.hpp"

namespace issu::test {

/// What the captures say of one stream.
struct CapturedStream {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t gap_count = 0;
  std::uint64_t strangers = 0;  ///< received and not in the capture of the sending side
  std::vector<std::int64_t> gaps_ns;
};

/// tcpdump at the far sides of a router: the second instrument, which nobody here wrote.
class Capture {
 public:
  /// Why it can't be used here; empty when it can.
  static std::string missing();

  explicit Capture(DaemonLab& lab) : lab_(lab) {}
  /// Captures UDP on an interface; returns when tcpdump listens.
  void start(const std::string& in, const std::string& interface);
  /// Ends all captures, when they have written what they saw.
  void stop();

  /// Why the captures are no evidence: tcpdump's own account says that it dropped something or
  /// did not write all that it saw. Empty when they are. After `stop`.
  [[nodiscard]] std::string not_comparable() const;
  /// Counts the streams of a plan, whose order is their number.
  [[nodiscard]] std::vector<CapturedStream> count(const measure::MeasurePlan& plan) const;

 private:
  [[nodiscard]] std::filesystem::path file_of(const std::string& netns) const;

  DaemonLab& lab_;
  std::vector<std::string> sides_;
};

}  // namespace issu::test
