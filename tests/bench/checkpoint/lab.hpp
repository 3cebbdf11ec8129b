#pragma once

#include <memory>

#include "backends/rp.hpp"
#include "issu/config/router_config.hpp"
#include "issu/drill/drill.hpp"
#include "issu/drill/lab.hpp"

namespace issu::bench {

/// A real FRR in its container between two BIRD neighbours that announce so many routes together
/// (19 of 20 are IPv4); in slot a. Gone at the end of its life.
class Router {
 public:
  static Result<std::unique_ptr<Router>> raise(std::uint64_t routes,
                                               const drill::DrillOptions& options,
                                               drill::Interrupt& interrupt);

  [[nodiscard]] backends::RouteProcessor& rp() { return *rp_; }
  [[nodiscard]] const backends::RouterSpec& spec() const { return config_.router; }
  static constexpr auto slot = backends::Slot::a;

  /// Waits until every daemon answers, every session is up and the daemons hold as many routes as
  /// in the beginning, with none on its way to the kernel.
  Result<void> wait_until_whole(std::chrono::milliseconds within);
  /// That is so now, and no peer has seen a session go down since the beginning.
  Result<void> check_untouched();
  [[nodiscard]] std::uint64_t routes() const { return routes_; }

 private:
  Router(drill::Lab lab, config::RouterConfig config, std::unique_ptr<backends::RouteProcessor> rp)
      : lab_(std::move(lab)), config_(std::move(config)), rp_(std::move(rp)) {}
  /// Empty when nothing is.
  [[nodiscard]] std::string what_is_missing();
  [[nodiscard]] std::size_t sessions_in_logs() const;

  drill::Lab lab_;
  config::RouterConfig config_;
  std::unique_ptr<backends::RouteProcessor> rp_;
  std::uint64_t routes_ = 0;
  std::size_t sessions_ = 0;  ///< that ever came up, as the peers have it in their logs
};

}  // namespace issu::bench
