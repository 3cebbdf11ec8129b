#include "issu/measure/peer_ask.hpp"

#include <algorithm>
#include <iterator>

#include "backends/daemons/bird_answers.hpp"
#include "backends/daemons/frr_answers.hpp"
#include "issu/measure/log_tail.hpp"

namespace issu::measure {
namespace {

constexpr std::chrono::milliseconds patience{2000};

SessionLook look_at(const backends::BirdProtocol& protocol) {
  SessionLook look;
  look.established = protocol.established();
  if (const auto wall = parse_local_time(protocol.since)) {
    look.since = *wall - wall_minus_mono();
  }
  look.holding = protocol.neighbor_restarting;
  look.counters_exact = true;
  for (const backends::BirdChannel& channel : protocol.channels) {
    if (channel.counters) {
      look.families[channel.name] =
          FamilyCounters{channel.counters->imported, channel.counters->updates_received,
                         channel.counters->withdraws_accepted};
    }
  }
  return look;
}

}  // namespace

PeerAsker::PeerAsker(const PeerPlan& plan)
    : plan_(plan),
      adjacencies_(plan),
      held_(plan.sessions.size(), false),
      up_(plan.sessions.size()) {
  if (plan.kind == "bird") {
    bird_.emplace(plan.control);
  } else {
    frr_.emplace(plan.control / "bgpd.vty");
  }
}

Result<std::vector<SessionLook>> PeerAsker::ask() {
  auto looks = bird_ ? ask_bird() : ask_frr();
  if (!looks) {
    return looks;
  }
  auto beside = adjacencies_.ask();
  if (!beside) {
    return beside;
  }
  std::move(beside->begin(), beside->end(), std::back_inserter(*looks));
  return looks;
}

Result<std::vector<SessionLook>> PeerAsker::ask_bird() {
  std::vector<SessionLook> looks;
  for (std::size_t i = 0; i < plan_.sessions.size(); ++i) {
    auto answer = bird_->ask("show protocols all " + plan_.sessions[i], patience);
    if (!answer) {
      return fail(std::move(answer).error());
    }
    const auto protocols = backends::parse_bird_protocols(*answer);
    if (protocols.size() != 1 || protocols[0].proto != "BGP") {
      return fail("BIRD at " + plan_.control.string() + " has no BGP protocol \"" +
                      plan_.sessions[i] + "\"",
                  "name the session as in its configuration");
    }
    SessionLook look = look_at(protocols[0]);
    look.at = mono_now();
    if (look.established) {
      look.incarnation = std::to_string(up_[i].incarnation(look.since.value_or(0)));
    }
    held_[i] = held_[i] || *look.holding;
    if (look.established && held_[i]) {
      look.end_of_rib = !*look.holding;  // BIRD goes on holding until the last End-of-RIB
    }
    looks.push_back(std::move(look));
  }
  return looks;
}

Result<std::vector<SessionLook>> PeerAsker::ask_frr() {
  auto answer = frr_->ask("show bgp neighbors json", patience);
  auto neighbors =
      answer ? backends::parse_frr_neighbors(*answer)
             : Result<std::vector<backends::FrrNeighbor>>(fail(std::move(answer).error()));
  if (!neighbors) {
    return fail(std::move(neighbors).error());
  }
  std::vector<SessionLook> looks;
  for (const std::string& session : plan_.sessions) {
    const auto found =
        std::find_if(neighbors->begin(), neighbors->end(),
                     [&](const auto& neighbor) { return neighbor.view.peer == session; });
    if (found == neighbors->end()) {
      return fail("bgpd at " + plan_.control.string() + " has no neighbour " + session,
                  "name the session by the router's address");
    }
    SessionLook look;
    look.at = mono_now();
    look.established = found->view.established;
    look.incarnation = std::to_string(found->established_count);
    if (look.established) {
      look.end_of_rib = found->view.end_of_rib;
    } else {
      look.holding = found->waiting_for_restart;
    }
    look.last_down_held = found->last_down_held;
    look.families["all"].routes = found->view.prefixes;
    looks.push_back(std::move(look));
  }
  return looks;
}

}  // namespace issu::measure
