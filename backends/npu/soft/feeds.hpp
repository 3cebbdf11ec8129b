#pragma once

#include <poll.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "backends/npu/soft/settings.hpp"
#include "state-sync/fib_netlink.hpp"
#include "state-sync/tables/tables.hpp"

namespace issu::backends::soft {

/// Where the daemons' routes come from, for a poll loop: FRR's FPM on 127.0.0.1 port 2620 of the
/// route processor's namespace, or the netlink notifications of its kernel.
class Feeds {
 public:
  static Result<std::unique_ptr<Feeds>> open(tables::Writer& tables, const Settings& settings);
  virtual ~Feeds() = default;

  /// Adds what it waits for.
  virtual void watch(std::vector<pollfd>& watched) const = 0;
  /// Takes in what has come: `watched` as `watch` has filled it, from `first` on. An error is the
  /// end of the feed; what can't be read of it is counted and told in `view`.
  virtual Result<void> serve(const std::vector<pollfd>& watched, std::size_t first) = 0;
  /// A hold began: what the daemons before it said, and still say, confirms nothing.
  virtual void begin_epoch() = 0;
  /// Whether something that was said may have been lost since the last call.
  virtual bool lost_something() = 0;
  /// Outside of any hold: finds routes that were withdrawn while nobody listened. After a daemon
  /// has connected again and has been quiet for 3 s, a route that it did not say again, and that
  /// is not in its kernel's table either, is gone. `kernel`: of the route processor. Cheap when
  /// there is nothing to do.
  virtual Result<void> settle(state_sync::FibSocket& kernel) = 0;
  /// A port of the tables went up or down.
  virtual void ports_changed() = 0;
  [[nodiscard]] virtual nlohmann::json view() const = 0;
};

}  // namespace issu::backends::soft
