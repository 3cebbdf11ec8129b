#pragma once

#include <set>
#include <string>
#include <vector>

#include "backends/npu/soft/engine/engine_port.hpp"
#include "backends/npu/soft/settings.hpp"
#include "issu/base/fd.hpp"
#include "state-sync/tables/tables.hpp"

namespace issu::backends::soft {

/// Keeps what belongs to the chassis in the tables as it is in the two namespaces: ports, the
/// router's own addresses (those of the route processor's interfaces, link-local and loopback ones
/// too), a connected route for each of their prefixes, a route that punts for each of them.
/// A port that loses its link takes its punt interface down, so that the daemons see it.
///
/// For a poll loop in the NPU's namespace: `fds` become readable when something changed, `pump`
/// takes it up. One thread.
class ChassisTables {
 public:
  static Result<ChassisTables> open(tables::Writer& tables, Settings settings);

  [[nodiscard]] std::vector<int> fds() const { return {links_.get(), addresses_.get()}; }
  /// Whether the ports or their state changed: the engine has to look at them again.
  Result<bool> pump();
  /// Ports whose interfaces are there now.
  [[nodiscard]] const std::vector<EnginePort>& ports() const { return ports_; }

 private:
  ChassisTables(tables::Writer& tables, Settings settings, Fd links, Fd addresses)
      : tables_(tables),
        settings_(std::move(settings)),
        links_(std::move(links)),
        addresses_(std::move(addresses)) {}
  Result<bool> take_ports();
  Result<void> take_addresses();
  Result<void> set_chassis_route(const tables::Prefix& prefix, const tables::NextHop& nexthop);

  tables::Writer& tables_;
  Settings settings_;
  Fd links_;
  Fd addresses_;
  std::vector<EnginePort> ports_;
  std::set<tables::Prefix> routes_;  ///< of the chassis, as they were set last
};

}  // namespace issu::backends::soft
