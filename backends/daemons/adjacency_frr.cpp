#include <algorithm>
#include <nlohmann/json.hpp>

#include "backends/daemons/adjacency_answers.hpp"

namespace issu::backends {
namespace {

using nlohmann::json;

std::string text_in(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

double number_in(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

/// The object under `key`; an empty one where there is none (no interface, no neighbour).
json object_in(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : json::object();
}

tl::unexpected<Error> no_json(const char* what, std::string_view answer) {
  return fail(std::string(what) +
              " is no JSON that is known: " + std::string(answer.substr(0, 80)));
}

Adjacency ospf_neighbour(const std::string& router_id, const json& said) {
  Adjacency found;
  found.view.protocol = "ospf";
  found.view.peer = router_id;
  found.view.interface = text_in(said, "ifaceName");
  found.view.state = text_in(said, "nbrState");
  found.view.up = found.view.state.starts_with("Full");
  if (said.contains("lastPrgrsvChangeMsec")) {
    found.up_for_ms = static_cast<std::uint64_t>(number_in(said, "lastPrgrsvChangeMsec"));
  }
  return found;
}

}  // namespace

Result<std::vector<Adjacency>> parse_frr_ospf_neighbors(std::string_view answer) {
  const json document = json::parse(answer, nullptr, false);
  if (!document.is_object()) {
    return no_json("ospfd's list of neighbours", answer);
  }
  std::vector<Adjacency> neighbours;
  const json all = object_in(document, "neighbors");
  for (const auto& [router_id, list] : all.items()) {
    if (!list.is_array()) {
      continue;
    }
    for (const json& each : list) {
      if (each.is_object()) {
        neighbours.push_back(ospf_neighbour(router_id, each));
      }
    }
  }
  return neighbours;
}

Result<std::vector<OspfInterface>> parse_frr_ospf_interfaces(std::string_view answer) {
  const json document = json::parse(answer, nullptr, false);
  if (!document.is_object()) {
    return no_json("ospfd's list of interfaces", answer);
  }
  std::vector<OspfInterface> interfaces;
  const json all = object_in(document, "interfaces");
  for (const auto& [name, said] : all.items()) {
    if (said.is_object()) {
      interfaces.push_back(
          {name, number_in(said, "timerMsecs") / 1e3, number_in(said, "timerDeadSecs")});
    }
  }
  return interfaces;
}

Result<std::vector<Adjacency>> parse_frr_bfd_peers(std::string_view answer) {
  const json document = json::parse(answer, nullptr, false);
  if (!document.is_array()) {
    return no_json("bfdd's list of peers", answer);
  }
  std::vector<Adjacency> sessions;
  for (const json& said : document) {
    if (!said.is_object()) {
      continue;
    }
    Adjacency found;
    found.view.protocol = "bfd";
    found.view.peer = text_in(said, "peer");
    found.view.interface = text_in(said, "interface");
    found.view.state = text_in(said, "status");
    found.view.up = found.view.state == "up";
    found.view.interval_s =
        std::max(number_in(said, "transmit-interval"), number_in(said, "remote-receive-interval")) /
        1e3;
    found.view.detects_s = number_in(said, "detect-multiplier") * found.view.interval_s;
    if (said.contains("uptime")) {
      found.up_for_s = static_cast<std::uint64_t>(number_in(said, "uptime"));
    }
    sessions.push_back(std::move(found));
  }
  return sessions;
}

void add_intervals(std::vector<Adjacency>& neighbours,
                   const std::vector<OspfInterface>& interfaces) {
  for (Adjacency& neighbour : neighbours) {
    const auto found = std::find_if(
        interfaces.begin(), interfaces.end(),
        [&](const OspfInterface& each) { return each.name == neighbour.view.interface; });
    if (found != interfaces.end()) {
      neighbour.view.interval_s = found->hello_s;
      neighbour.view.detects_s = found->dead_s;
    }
  }
}

}  // namespace issu::backends
