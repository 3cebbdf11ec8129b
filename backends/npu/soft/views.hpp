#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "state-sync/fib_netlink.hpp"
#include "state-sync/tables/tables.hpp"

namespace issu::backends::soft {

/// What the tables hold, as JSON: the answers of `issu npu`.

/// Ports, addresses, neighbours, sizes.
[[nodiscard]] nlohmann::json tables_view(const tables::Writer& writer,
                                         const tables::Segment& segment);

struct RouteQuery {
  std::string within;     ///< only routes inside this prefix; empty: all
  std::size_t limit = 0;  ///< 0: no limit
  bool chassis = false;   ///< the chassis' own too
};
/// {"total", "routes": [{"prefix", "protocol", "metric", "kind", "via", "port", "stale"}]}, sorted.
Result<nlohmann::json> routes_view(const tables::Writer& writer, const RouteQuery& query);

/// Which daemons' routes only one of the two has: the tables, or the route processor's own kernel.
/// {"same", "only_npu", "only_kernel", "samples": {…}}
Result<nlohmann::json> difference_view(const tables::Writer& writer, state_sync::FibSocket& kernel,
                                       std::size_t samples);

/// {"ports": [{"name", "rx_packets", …}], "nexthops": [{"id", "packets", "bytes"}]}
[[nodiscard]] nlohmann::json counters_view(const tables::Writer& writer,
                                           const tables::Segment& segment);

}  // namespace issu::backends::soft
