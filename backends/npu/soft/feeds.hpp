#pragma once

#include <poll.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <variant>
#include <vector>

#include "backends/npu/soft/settings.hpp"
#include "state-sync/fib_netlink.hpp"
#include "state-sync/fpm/channel.hpp"
#include "state-sync/fpm/server.hpp"
#include "state-sync/tables/tables.hpp"

namespace issu::backends::soft {

template <class Server>
class FpmSource;
class NetlinkSource;

/// Where the daemons' routes come from, for a poll loop: FRR's FPM on 127.0.0.1 port 2620 of the
/// route processor's namespace or out of the slot's virtual machine, or the netlink notifications
/// of its kernel.
class Feeds {
 public:
  static Result<Feeds> open(tables::Writer& tables, const Settings& settings);
  Feeds(Feeds&&) noexcept;
  Feeds& operator=(Feeds&&) noexcept;
  ~Feeds();

  /// Adds what it waits for.
  void watch(std::vector<pollfd>& watched) const;
  /// Takes in what has come. An error is the end of the feed; what can't be read of it is counted
  /// and told in `view`.
  Result<void> serve();
  /// A hold began: what the daemons before it said, and still say, confirms nothing.
  void begin_epoch();
  /// The ports are connected to this slot from here on: it is heard, where each slot has its own
  /// way here.
  void punt_to(std::uint32_t slot);
  /// Whether something that was said may have been lost since the last call.
  bool lost_something();
  /// Outside of any hold: finds routes that were withdrawn while nobody listened. After a daemon
  /// has connected again and has been quiet for 3 s, a route that it did not say again, and that
  /// is not in its kernel's table either, is gone. `kernel`: of the route processor. Cheap when
  /// there is nothing to do.
  Result<void> settle(state_sync::FibSocket& kernel);
  /// A port of the tables went up or down.
  void ports_changed();
  [[nodiscard]] nlohmann::json view() const;

 private:
  /// One of them, chosen by the settings. What is said refers to it: it stays where it is.
  using Source =
      std::variant<std::unique_ptr<FpmSource<fpm::FpmServer>>,
                   std::unique_ptr<FpmSource<fpm::FpmChannel>>, std::unique_ptr<NetlinkSource>>;
  explicit Feeds(Source source);

  Source source_;
};

}  // namespace issu::backends::soft
