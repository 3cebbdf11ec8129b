#include "backends/daemons/views.hpp"

#include <algorithm>

#include "backends/daemons/adjacency_answers.hpp"
#include "backends/daemons/bird_answers.hpp"
#include "backends/daemons/bird_ctl.hpp"
#include "backends/daemons/frr_answers.hpp"
#include "backends/daemons/frr_vty.hpp"

namespace issu::backends {
namespace {

/// For a daemon that is asked behind one that hangs: else that one would make it look silent, too.
constexpr std::chrono::milliseconds at_least{500};

std::chrono::milliseconds left_of(const Deadline& deadline) {
  return std::chrono::milliseconds(deadline.left_ms());
}

bool ask_zebra(FrrVty& zebra, const Deadline& deadline, ControlPlaneView& view) {
  auto queue = zebra.ask("show zebra dplane", left_of(deadline));
  auto providers = zebra.ask("show zebra dplane providers", left_of(deadline));
  if (!queue || !providers) {
    return false;
  }
  view.output_queued = parse_frr_dplane_queue(*queue) + parse_frr_dplane_queue(*providers) > 0;
  for (const char* question : {"show ip route summary json", "show ipv6 route summary json"}) {
    auto summary = zebra.ask(question, left_of(deadline));
    auto routes =
        summary ? parse_frr_route_summary(*summary) : Result<std::uint64_t>(fail(summary.error()));
    if (!routes) {
      return false;
    }
    view.routes += *routes;
  }
  return true;
}

bool ask_bgpd(FrrVty& bgpd, const Deadline& deadline, ControlPlaneView& view) {
  auto answer = bgpd.ask("show bgp neighbors json", left_of(deadline));
  auto neighbors = answer ? parse_frr_neighbors(*answer)
                          : Result<std::vector<FrrNeighbor>>(fail(answer.error()));
  if (!neighbors) {
    return false;
  }
  for (FrrNeighbor& neighbor : *neighbors) {
    view.sessions.push_back(std::move(neighbor.view));
  }
  return true;
}

void add_adjacencies(std::vector<Adjacency> found, ControlPlaneView& view) {
  for (Adjacency& adjacency : found) {
    view.adjacencies.push_back(std::move(adjacency.view));
  }
}

bool ask_ospfd(FrrVty& ospfd, const Deadline& deadline, ControlPlaneView& view) {
  auto neighbours = ospfd.ask("show ip ospf neighbor detail json", left_of(deadline));
  auto interfaces = ospfd.ask("show ip ospf interface json", left_of(deadline));
  if (!neighbours || !interfaces) {
    return false;
  }
  auto found = parse_frr_ospf_neighbors(*neighbours);
  auto intervals = parse_frr_ospf_interfaces(*interfaces);
  if (!found || !intervals) {
    return false;
  }
  add_intervals(*found, *intervals);
  add_adjacencies(std::move(*found), view);
  return true;
}

bool ask_bfdd(FrrVty& bfdd, const Deadline& deadline, ControlPlaneView& view) {
  auto answer = bfdd.ask("show bfd peers json", left_of(deadline));
  auto found =
      answer ? parse_frr_bfd_peers(*answer) : Result<std::vector<Adjacency>>(fail(answer.error()));
  if (!found) {
    return false;
  }
  add_adjacencies(std::move(*found), view);
  return true;
}

bool ask_bird_ospf(BirdCtl& bird, const std::string& protocol, const Deadline& deadline,
                   ControlPlaneView& view) {
  auto neighbours = bird.ask("show ospf neighbors " + protocol, left_of(deadline));
  auto interfaces = bird.ask("show ospf interface " + protocol, left_of(deadline));
  if (!neighbours || !interfaces) {
    return false;
  }
  auto found = parse_bird_ospf_neighbors(*neighbours);
  add_intervals(found, parse_bird_ospf_interfaces(*interfaces));
  add_adjacencies(std::move(found), view);
  return true;
}

bool ask_bird_bfd(BirdCtl& bird, const std::string& protocol, const Deadline& deadline,
                  ControlPlaneView& view) {
  auto answer = bird.ask("show bfd sessions " + protocol, left_of(deadline));
  if (!answer) {
    return false;
  }
  add_adjacencies(parse_bird_bfd_sessions(*answer), view);
  return true;
}

SessionView session_of(const BirdProtocol& protocol) {
  SessionView session;
  session.peer = protocol.neighbor;
  session.established = protocol.established();
  session.state = protocol.info;
  session.graceful_restart = protocol.local_graceful_restart && protocol.neighbor_graceful_restart;
  session.hold_time_s = protocol.hold_time_s;
  // What the neighbour has not said again since its restart is still among its routes.
  session.end_of_rib = session.established && !protocol.neighbor_restarting;
  for (const BirdChannel& channel : protocol.channels) {
    session.prefixes += channel.counters ? channel.counters->imported : 0;
    session.end_of_rib = session.end_of_rib && !channel.recovering && !channel.neighbor_restarting;
  }
  return session;
}

}  // namespace

ControlPlaneView frr_view(const std::filesystem::path& folder,
                          const std::vector<std::string>& daemons,
                          std::chrono::milliseconds timeout) {
  const Deadline deadline = Deadline::in(timeout);
  ControlPlaneView view;
  for (const std::string& daemon : daemons) {
    FrrVty vty(folder / (daemon + ".vty"));
    auto version = vty.ask("show version", std::max(left_of(deadline), at_least));
    bool good = version.has_value();
    if (good) {
      view.version = parse_frr_version(*version);
    }
    if (good && daemon == "zebra") {
      good = ask_zebra(vty, deadline, view);
    } else if (good && daemon == "bgpd") {
      good = ask_bgpd(vty, deadline, view);
    } else if (good && daemon == "ospfd") {
      good = ask_ospfd(vty, deadline, view);
    } else if (good && daemon == "bfdd") {
      good = ask_bfdd(vty, deadline, view);
    }
    if (!good) {
      view.silent.push_back(daemon);
    }
  }
  view.answering = !daemons.empty() && view.silent.empty();
  return view;
}

ControlPlaneView bird_view(const std::filesystem::path& socket, std::chrono::milliseconds timeout) {
  const Deadline deadline = Deadline::in(timeout);
  ControlPlaneView view;
  BirdCtl bird(socket);
  view.silent = {"bird"};
  auto protocols = bird.ask("show protocols all", left_of(deadline));
  if (!protocols) {
    return view;
  }
  view.version = bird.version();
  bool good = true;
  for (const BirdProtocol& protocol : parse_bird_protocols(*protocols)) {
    if (protocol.proto == "BGP") {
      view.sessions.push_back(session_of(protocol));
    } else if (protocol.proto == "OSPF" && protocol.state == "up") {
      good = ask_bird_ospf(bird, protocol.name, deadline, view) && good;
    } else if (protocol.proto == "BFD" && protocol.state == "up") {
      good = ask_bird_bfd(bird, protocol.name, deadline, view) && good;
    }
  }
  auto count = bird.ask("show route count", left_of(deadline));
  view.answering = good && count.has_value();
  if (view.answering) {
    view.silent.clear();
  }
  view.routes = count ? parse_bird_route_count(*count) : 0;
  return view;
}

Result<std::vector<state_sync::Prefix>> bird_kernel_routes(const std::filesystem::path& socket,
                                                           std::chrono::milliseconds timeout) {
  const Deadline deadline = Deadline::in(timeout);
  BirdCtl bird(socket);
  auto protocols = bird.ask("show protocols", left_of(deadline));
  if (!protocols) {
    return pass(std::move(protocols).error(), "asking BIRD for its kernel protocols");
  }
  std::vector<state_sync::Prefix> routes;
  for (const BirdProtocol& protocol : parse_bird_protocols(*protocols)) {
    if (protocol.proto != "Kernel" || protocol.state != "up") {
      continue;
    }
    auto answer = bird.ask("show route primary export " + protocol.name, left_of(deadline));
    if (!answer) {
      return pass(std::move(answer).error(), "asking BIRD for its routes");
    }
    const auto exported = parse_bird_routes(*answer);
    routes.insert(routes.end(), exported.begin(), exported.end());
  }
  std::sort(routes.begin(), routes.end());
  routes.erase(std::unique(routes.begin(), routes.end()), routes.end());
  return routes;
}

}  // namespace issu::backends
