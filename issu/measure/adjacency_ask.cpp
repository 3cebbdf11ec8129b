#include "issu/measure/adjacency_ask.hpp"

#include <algorithm>

#include "issu/measure/log_tail.hpp"

namespace issu::measure {
namespace {

constexpr std::chrono::milliseconds patience{2000};

/// "ospf4 192.0.2.1": BIRD's protocol and the router's id. Of FRR only the id.
struct OspfName {
  std::string protocol;
  std::string router_id;
};

OspfName split(const std::string& name) {
  const auto space = name.find(' ');
  return space == std::string::npos ? OspfName{"", name}
                                    : OspfName{name.substr(0, space), name.substr(space + 1)};
}

/// When it came to its state: FRR says how long ago, BIRD says when.
std::optional<MonoNs> since(const backends::Adjacency& adjacency, MonoNs now) {
  if (adjacency.up_for_ms) {
    return now - static_cast<MonoNs>(*adjacency.up_for_ms) * 1'000'000;
  }
  if (const auto wall = parse_local_time(adjacency.since)) {
    return *wall - wall_minus_mono();
  }
  return std::nullopt;
}

}  // namespace

AdjacencyAsker::AdjacencyAsker(const PeerPlan& plan)
    : plan_(plan), up_(plan.ospf.size() + plan.bfd.size()), up_for_(up_.size()) {
  if (plan.kind == "bird") {
    bird_.emplace(plan.control);
  } else {
    ospfd_.emplace(plan.control / "ospfd.vty");
    bfdd_.emplace(plan.control / "bfdd.vty");
  }
}

AdjacencyAsker::Found AdjacencyAsker::ospf_of(const std::string& protocol) {
  auto answer = bird_ ? bird_->ask("show ospf neighbors " + protocol, patience)
                      : ospfd_->ask("show ip ospf neighbor detail json", patience);
  if (!answer) {
    return fail(std::move(answer).error());
  }
  return bird_ ? Found(backends::parse_bird_ospf_neighbors(*answer))
               : backends::parse_frr_ospf_neighbors(*answer);
}

AdjacencyAsker::Found AdjacencyAsker::bfd() {
  auto answer = bird_ ? bird_->ask("show bfd sessions", patience)
                      : bfdd_->ask("show bfd peers json", patience);
  if (!answer) {
    return fail(std::move(answer).error());
  }
  return bird_ ? Found(backends::parse_bird_bfd_sessions(*answer))
               : backends::parse_frr_bfd_peers(*answer);
}

SessionLook AdjacencyAsker::look_for(const std::vector<backends::Adjacency>& all,
                                     const std::string& peer, std::size_t place) {
  SessionLook look;
  look.at = mono_now();
  const auto found = std::find_if(all.begin(), all.end(), [&](const backends::Adjacency& each) {
    return each.view.peer == peer && each.view.up;
  });
  if (found == all.end()) {
    return look;
  }
  look.established = true;
  look.since = since(*found, look.at);
  look.incarnation =
      std::to_string(look.since ? up_[place].incarnation(*look.since)
                                : up_for_[place].incarnation(found->up_for_s.value_or(0)));
  return look;
}

Result<std::vector<SessionLook>> AdjacencyAsker::ask() {
  std::vector<SessionLook> looks;
  for (const std::string& name : plan_.ospf) {
    const OspfName ospf = split(name);
    auto all = ospf_of(ospf.protocol);
    if (!all) {
      return fail(std::move(all).error());
    }
    looks.push_back(look_for(*all, ospf.router_id, looks.size()));
  }
  if (plan_.bfd.empty()) {
    return looks;
  }
  auto all = bfd();
  if (!all) {
    return fail(std::move(all).error());
  }
  for (const std::string& address : plan_.bfd) {
    looks.push_back(look_for(*all, address, looks.size()));
  }
  return looks;
}

}  // namespace issu::measure
