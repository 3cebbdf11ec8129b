#include "tests/bench/checkpoint/lab.hpp"

#include <fmt/format.h>

#include "backends/lxc/lxc.hpp"
#include "issu/base/file.hpp"

namespace issu::bench {
namespace {

constexpr auto patience = std::chrono::minutes(4);

drill::PeerSpec peer(const std::string& name, const char* first4, const char* first6,
                     std::uint64_t routes) {
  drill::PeerSpec spec;
  spec.name = name;
  spec.daemon = "bird";
  spec.hold_s = 240;
  spec.announce = {{state_sync::Prefix::parse(first4).value(), routes - routes / 20},
                   {state_sync::Prefix::parse(first6).value(), routes / 20}};
  return spec;
}

drill::LabSpec lab_of(std::uint64_t routes) {
  drill::LabSpec lab;
  lab.suite = "frr";
  lab.image = "frr-bookworm";
  lab.settle_s = std::chrono::duration<double>(patience).count();
  lab.peers = {peer("east", "10.0.0.0/28", "2001:db8:1000::/48", routes / 2),
               peer("west", "10.128.0.0/28", "2001:db8:8000::/48", routes - routes / 2)};
  return lab;
}

}  // namespace

Result<std::unique_ptr<Router>> Router::raise(std::uint64_t routes,
                                              const drill::DrillOptions& options,
                                              drill::Interrupt& interrupt) {
  const drill::Surroundings around{options.issu, options.images, options.work, options.say};
  auto lab = drill::Lab::build(lab_of(routes), around, interrupt);
  if (!lab) {
    return fail(std::move(lab).error());
  }
  auto config = config::load_router(lab->layout().router_file());
  if (!config) {
    return fail(std::move(config).error());
  }
  auto rp = backends::make_lxc(config->router);
  if (!rp) {
    return fail(std::move(rp).error());
  }
  std::unique_ptr<Router> router(new Router(std::move(*lab), std::move(*config), std::move(*rp)));
  ISSU_TRY(router->wait_until_whole(patience), "the lab");
  router->routes_ = routes;
  router->sessions_ = router->sessions_in_logs();
  return router;
}

std::string Router::what_is_missing() {
  const auto view = rp_->control_plane(slot);
  if (!view) {
    return view.error().what();
  }
  if (!view->answering) {
    return "a daemon does not answer";
  }
  std::uint64_t prefixes = 0;
  for (const auto& session : view->sessions) {
    prefixes += session.prefixes;
    if (!session.established) {
      return "the session with " + session.peer + " is " + session.state;
    }
  }
  if (view->sessions.size() < 2 * lab_.layout().peers.size() || prefixes < routes_) {
    return fmt::format("{} sessions with {} of {} routes", view->sessions.size(), prefixes,
                       routes_);
  }
  return view->output_queued ? "routes are on their way to the kernel" : "";
}

Result<void> Router::wait_until_whole(std::chrono::milliseconds within) {
  std::string missing;
  if (!wait_until([&] { return (missing = what_is_missing()).empty(); }, Deadline::in(within),
                  std::chrono::milliseconds(20))) {
    return fail("the router is not whole: " + missing);
  }
  return {};
}

Result<void> Router::check_untouched() {
  // A daemon that has just gone on may have something to do before it answers.
  ISSU_TRY(wait_until_whole(std::chrono::seconds(20)), "");
  if (const auto now = sessions_in_logs(); now != sessions_) {
    return fail(fmt::format("the peers' logs have {} sessions that came up, and had {} before", now,
                            sessions_));
  }
  return {};
}

std::size_t Router::sessions_in_logs() const {
  constexpr std::string_view came_up = "BGP session established";
  std::size_t count = 0;
  for (const auto& place : lab_.layout().peers) {
    const std::string log = read_file(place.dir / "bird.log").value_or("");
    for (auto at = log.find(came_up); at != std::string::npos; at = log.find(came_up, at + 1)) {
      ++count;
    }
  }
  return count;
}

}  // namespace issu::bench
