#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "issu/base/clock.hpp"
#include "issu/base/fd.hpp"
#include "state-sync/prefix.hpp"
#include "tests/backends/daemons/daemon_lab.hpp"

namespace issu::bench {

/// A real zebra with many routes of BGP's: they lie in its kernel, and `-K` makes it adopt them as
/// its own, as after a graceful restart. It has settled when the constructor is through, and tries
/// every 3 s to reach port 2620, where nobody listens yet.
class Zebra {
 public:
  explicit Zebra(const std::vector<state_sync::Prefix>& prefixes);

  /// A listener for its FPM in its namespace.
  Fd listen();
  /// The interface that all routes leave by.
  [[nodiscard]] std::uint32_t ifindex();
  /// CPU time it has used, in seconds.
  [[nodiscard]] double cpu_s() const;

 private:
  test::DaemonLab daemons_;
};

}  // namespace issu::bench
