#include "backends/npu/soft/feeds.hpp"

#include <net/if.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <type_traits>

#include "issu/base/netns.hpp"
#include "state-sync/fpm/kernel_listener.hpp"

namespace issu::backends::soft {
namespace {

using nlohmann::json;

constexpr std::uint16_t fpm_port = 2620;
constexpr MonoNs look_again_after = 1'000'000'000;
/// zebra pauses for up to a second in the middle of what it says; in a virtual machine, whose
/// kernel can't be asked, for as long as its processor is wanted elsewhere.
constexpr MonoNs settled_after = 3'000'000'000;
constexpr MonoNs settled_in_guest_after = 10'000'000'000;
/// A guest's links in the order of the ports, behind its loopback.
constexpr std::uint32_t first_ifindex_in_guest = 2;

/// Which port an interface of the route processor stands for; asks its namespace again when an
/// index is not known, once a second at most.
class PortsByIndex {
 public:
  PortsByIndex(const tables::Writer& tables, const Settings& settings)
      : tables_(tables), settings_(settings) {}

  std::optional<std::uint32_t> find(std::uint32_t ifindex) {
    auto known = ports_.find(ifindex);
    if (known == ports_.end() && mono_now() - looked_at_ > look_again_after) {
      look();
      known = ports_.find(ifindex);
    }
    return known == ports_.end() ? std::nullopt : std::optional(known->second);
  }

 private:
  void look() {
    looked_at_ = mono_now();
    std::map<std::uint32_t, std::uint32_t> found;
    // Over FPM a guest says its own numbers; netlink has those of this machine.
    if (settings_.npu.punt_links == PuntLinks::taps && settings_.npu.feed == "fpm") {
      for (std::size_t n = 0; n < settings_.ports.size(); ++n) {
        if (const auto index = tables_.find_port(settings_.ports[n].name)) {
          found[first_ifindex_in_guest + static_cast<std::uint32_t>(n)] = *index;
        }
      }
      ports_ = std::move(found);
      return;
    }
    const auto done = NetNs::inside(NetNs::path_of(settings_.rp_netns), [&]() -> Result<void> {
      for (const Settings::Port& port : settings_.ports) {
        const unsigned ifindex = ::if_nametoindex(port.name.c_str());
        const auto index = tables_.find_port(port.name);
        if (ifindex != 0 && index) {
          found[ifindex] = *index;
        }
      }
      return {};
    });
    if (done) {
      ports_ = std::move(found);
    }
  }

  const tables::Writer& tables_;
  const Settings& settings_;
  std::map<std::uint32_t, std::uint32_t> ports_;
  MonoNs looked_at_ = -look_again_after;
};

/// Routes of daemons that are neither in `said` nor in the kernel's table.
Result<std::vector<state_sync::Prefix>> vanished_routes(const tables::Writer& tables,
                                                        std::vector<state_sync::Prefix> said,
                                                        state_sync::FibSocket& kernel) {
  for (const std::uint8_t family : {std::uint8_t{4}, std::uint8_t{6}}) {
    auto dumped = kernel.dump(
        family,
        [&](const state_sync::FibEvent& event) {
          if (state_sync::is_daemon_protocol(event.route.protocol)) {
            said.push_back(event.route.prefix);
          }
        },
        [] {});
    if (!dumped) {
      return fail(std::move(dumped).error());
    }
  }
  std::sort(said.begin(), said.end());
  std::vector<state_sync::Prefix> vanished;
  tables.each_route([&](const tables::RouteEntry& entry) {
    if (entry.info.owner == tables::RouteOwner::daemon &&
        !std::binary_search(said.begin(), said.end(), entry.prefix)) {
      vanished.push_back(entry.prefix);
    }
    return true;
  });
  return vanished;
}

void say(const std::string& line) {
  std::fprintf(stderr, "issu-npud: feed: %s\n", line.c_str());
}

json counters_of(const fpm::Feed& feed, const char* name) {
  const fpm::FeedCounters& counters = feed.counters();
  return {{"name", name},
          {"messages", counters.messages},
          {"routes_set", counters.routes_set},
          {"routes_removed", counters.routes_removed},
          {"replaced_in_one", counters.replaced_in_one},
          {"nexthops", counters.nexthops},
          {"skipped", counters.skipped},
          {"malformed", counters.malformed},
          {"unknown_nexthop", counters.unknown_nexthop},
          {"set_later", counters.set_later},
          {"unknown_port", counters.unknown_port},
          {"encapsulated", counters.encapsulated},
          {"refused", counters.refused}};
}

}  // namespace

/// `Server`: FpmServer or FpmChannel.
template <class Server>
class FpmSource {
 public:
  FpmSource(tables::Writer& tables, const Settings& settings)
      : tables_(tables),
        ports_(tables, settings),
        feed_(tables, {[this](std::uint32_t ifindex) { return ports_.find(ifindex); }, say}),
        feeds_(settings.feeds) {}

  Result<void> listen(const std::string& netns) {
    if constexpr (std::is_same_v<Server, fpm::FpmChannel>) {
      server_.emplace(feeds_[tables_.punt_slot() & 1U], feed_);
      return {};
    } else {
      return listen_on_network(netns);
    }
  }

  void punt_to(std::uint32_t slot) {
    if constexpr (std::is_same_v<Server, fpm::FpmChannel>) {
      server_->change(feeds_[slot & 1U]);
    }
  }

  Result<void> listen_on_network(const std::string& netns) {
    return NetNs::inside(NetNs::path_of(netns), [&]() -> Result<void> {
      auto listener = fpm::listen_for_fpm(fpm_port);
      if (!listener) {
        return fail(std::move(listener).error());
      }
      server_.emplace(std::move(*listener), feed_);
      return {};
    });
  }

  void watch(std::vector<pollfd>& watched) const {
    for (const int fd : server_->fds()) {
      watched.push_back({fd, POLLIN, 0});
    }
  }
  Result<void> serve() {
    if (!server_->connected()) {
      feed_.begin_listing();  // who connects says everything
      listing_ = true;
    }
    const std::uint64_t before = feed_.counters().messages;
    server_->serve();
    said_at_ = feed_.counters().messages == before ? said_at_ : mono_now();
    return {};
  }
  Result<void> settle(state_sync::FibSocket& kernel) {
    if (!listing_ || !server_->connected() || mono_now() - said_at_ < quiet_enough) {
      return {};
    }
    listing_ = false;
    auto vanished = vanished_routes(tables_, feed_.take_seen(), kernel);
    if (!vanished) {
      return fail(std::move(vanished).error());
    }
    for (const state_sync::Prefix& prefix : *vanished) {
      if (auto gone = tables_.remove_route(prefix); !gone) {
        return fail(std::move(gone).error());
      }
    }
    vanished_ += vanished->size();
    return {};
  }
  void ports_changed() { feed_.ports_changed(); }
  void begin_epoch() { server_->begin_epoch(); }
  bool lost_something() {
    // A route that the tables refused is a route that was lost, too.
    const std::uint64_t refused = feed_.counters().refused;
    return server_->take_lost() || std::exchange(refused_, refused) != refused;
  }
  [[nodiscard]] json view() const {
    json view = counters_of(feed_, "fpm");
    const auto& counters = server_->counters();
    view["vanished"] = vanished_;
    view["connected"] = server_->connected();
    view["accepted"] = counters.accepted;
    view["frames"] = counters.frames;
    view["bytes"] = counters.bytes;
    return view;
  }

 private:
  static constexpr MonoNs quiet_enough =
      std::is_same_v<Server, fpm::FpmChannel> ? settled_in_guest_after : settled_after;

  tables::Writer& tables_;
  PortsByIndex ports_;
  fpm::Feed feed_;
  std::array<std::filesystem::path, 2> feeds_;  ///< of a channel, by slot
  std::optional<Server> server_;
  std::uint64_t refused_ = 0;
  std::uint64_t vanished_ = 0;
  MonoNs said_at_ = 0;
  bool listing_ = false;  ///< what the connection has said since its beginning is written down
};

class NetlinkSource {
 public:
  NetlinkSource(tables::Writer& tables, const Settings& settings)
      : tables_(tables),
        ports_(tables, settings),
        feed_(tables, {[this](std::uint32_t ifindex) { return ports_.find(ifindex); }, say}) {}

  Result<void> listen(const std::string& netns) {
    return NetNs::inside(NetNs::path_of(netns), [&]() -> Result<void> {
      auto listener = fpm::KernelListener::open(feed_, tables_);
      if (!listener) {
        return fail(std::move(listener).error());
      }
      listener_.emplace(std::move(*listener));
      return {};
    });
  }

  void watch(std::vector<pollfd>& watched) const {
    watched.push_back({listener_->fd(), POLLIN, 0});
  }
  Result<void> serve() { return listener_->serve(); }
  void ports_changed() { feed_.ports_changed(); }
  // The kernel's table goes on across daemons, and tells of every change.
  void begin_epoch() {}
  void punt_to(std::uint32_t /*slot*/) {}
  // The listener does this by itself.
  Result<void> settle(state_sync::FibSocket& /*kernel*/) { return {}; }
  bool lost_something() {
    const std::uint64_t lost = listener_->counters().overruns + feed_.counters().refused;
    return std::exchange(lost_, lost) != lost;
  }
  [[nodiscard]] json view() const {
    json view = counters_of(feed_, "netlink");
    const fpm::ListenerCounters& counters = listener_->counters();
    view["datagrams"] = counters.datagrams;
    view["resyncs"] = counters.resyncs;
    view["overruns"] = counters.overruns;
    view["vanished"] = counters.vanished;
    return view;
  }

 private:
  tables::Writer& tables_;
  PortsByIndex ports_;
  fpm::Feed feed_;
  std::optional<fpm::KernelListener> listener_;
  std::uint64_t lost_ = 0;
};

Result<Feeds> Feeds::open(tables::Writer& tables, const Settings& settings) {
  Source source;
  if (settings.npu.feed == "netlink") {
    source = std::make_unique<NetlinkSource>(tables, settings);
  } else if (settings.npu.punt_links == PuntLinks::taps) {
    source = std::make_unique<FpmSource<fpm::FpmChannel>>(tables, settings);
  } else {
    source = std::make_unique<FpmSource<fpm::FpmServer>>(tables, settings);
  }
  ISSU_TRY(std::visit([&](auto& each) { return each->listen(settings.rp_netns); }, source),
           "in the route processor's namespace");
  return Feeds(std::move(source));
}

Feeds::Feeds(Source source) : source_(std::move(source)) {}
Feeds::Feeds(Feeds&&) noexcept = default;
Feeds& Feeds::operator=(Feeds&&) noexcept = default;
Feeds::~Feeds() = default;

void Feeds::watch(std::vector<pollfd>& watched) const {
  std::visit([&](const auto& each) { each->watch(watched); }, source_);
}
Result<void> Feeds::serve() {
  return std::visit([](auto& each) { return each->serve(); }, source_);
}
void Feeds::begin_epoch() {
  std::visit([](auto& each) { each->begin_epoch(); }, source_);
}
void Feeds::punt_to(std::uint32_t slot) {
  std::visit([&](auto& each) { each->punt_to(slot); }, source_);
}
bool Feeds::lost_something() {
  return std::visit([](auto& each) { return each->lost_something(); }, source_);
}
Result<void> Feeds::settle(state_sync::FibSocket& kernel) {
  return std::visit([&](auto& each) { return each->settle(kernel); }, source_);
}
void Feeds::ports_changed() {
  std::visit([](auto& each) { each->ports_changed(); }, source_);
}
json Feeds::view() const {
  return std::visit([](const auto& each) { return each->view(); }, source_);
}

}  // namespace issu::backends::soft
