#include "backends/daemons/frr_answers.hpp"

#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

namespace issu::backends {
namespace {

using nlohmann::json;

const json& child(const json& object, const char* key) {
  static const json none = json::object();
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : none;
}

std::string text_in(const json& object, const char* key) {
  const json& value = child(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::uint64_t number_in(const json& object, const char* key) {
  const json& value = child(object, key);
  // What no counter ever is, is not cast to one.
  constexpr double largest = 9.0e18;
  const bool fits = value.is_number() && value.get<double>() >= 0 && value.get<double>() <= largest;
  return fits ? value.get<std::uint64_t>() : 0;
}

bool true_in(const json& object, const char* key) {
  const json& value = child(object, key);
  return value.is_boolean() && value.get<bool>();
}

/// The families of the session: "ipv4Unicast", …
std::vector<std::string> negotiated_families(const json& neighbor) {
  std::vector<std::string> families;
  const json& offered = child(child(neighbor, "neighborCapabilities"), "multiprotocolExtensions");
  for (const auto& [family, state] : offered.items()) {
    if (true_in(state, "advertisedAndReceived")) {
      families.push_back(family);
    }
  }
  if (families.empty()) {
    families.emplace_back("ipv4Unicast");  // without the capability: RFC 4271, IPv4 unicast
  }
  return families;
}

FrrNeighbor read_neighbor(const std::string& peer, const json& neighbor) {
  FrrNeighbor found;
  found.view.peer = peer;
  found.view.state = text_in(neighbor, "bgpState");
  found.view.established = found.view.state == "Established";
  found.established_count = number_in(neighbor, "connectionsEstablished");
  found.dropped_count = number_in(neighbor, "connectionsDropped");
  for (const auto& [family, info] : child(neighbor, "addressFamilyInfo").items()) {
    found.view.prefixes += number_in(info, "acceptedPrefixCounter");
  }
  found.last_down_held = text_in(neighbor, "lastResetDueTo") == "NSF peer closed the session";
  if (!found.view.established) {
    found.waiting_for_restart =
        child(neighbor, "gracefulRestartInfo").contains("gracefulRestartTimerMsecs");
    return found;  // bgpd goes on to print the flags and timers of the session before
  }
  found.up_for_ms = number_in(neighbor, "bgpTimerUpMsec");
  found.view.hold_time_s = static_cast<double>(number_in(neighbor, "bgpTimerHoldTimeMsecs")) / 1e3;
  found.view.graceful_restart = text_in(child(neighbor, "neighborCapabilities"),
                                        "gracefulRestart") == "advertisedAndReceived";
  const json& received = child(child(neighbor, "gracefulRestartInfo"), "endOfRibRecv");
  found.view.end_of_rib = true;
  for (const std::string& family : negotiated_families(neighbor)) {
    found.view.end_of_rib = found.view.end_of_rib && true_in(received, family.c_str());
  }
  return found;
}

Result<json> read_object(std::string_view answer, const char* what) {
  json document = json::parse(answer, nullptr, false);
  if (!document.is_object()) {
    return fail(std::string(what) + " is not a JSON object: " + std::string(answer.substr(0, 80)));
  }
  return document;
}

/// Adds the numbers that follow `key`.
std::uint64_t sum_behind(std::string_view text, std::string_view key) {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; (at = text.find(key, at)) != std::string_view::npos;) {
    at = std::min(text.find_first_not_of(' ', at + key.size()), text.size());
    std::uint64_t number = 0;
    std::from_chars(text.data() + at, text.data() + text.size(), number);
    sum += number;
  }
  return sum;
}

}  // namespace

Result<std::vector<FrrNeighbor>> parse_frr_neighbors(std::string_view answer) {
  auto document = read_object(answer, "bgpd's list of neighbours");
  if (!document) {
    return fail(std::move(document).error());
  }
  std::vector<FrrNeighbor> neighbors;
  for (const auto& [peer, neighbor] : document->items()) {
    if (neighbor.is_object()) {
      neighbors.push_back(read_neighbor(peer, neighbor));
    }
  }
  return neighbors;
}

Result<std::uint64_t> parse_frr_route_summary(std::string_view answer) {
  auto document = read_object(answer, "zebra's route summary");
  if (!document) {
    return fail(std::move(document).error());
  }
  static const std::set<std::string> not_daemons{"connected", "local", "kernel", "system"};
  std::uint64_t routes = 0;
  for (const json& entry : child(*document, "routes")) {
    if (!not_daemons.contains(text_in(entry, "type"))) {
      routes += number_in(entry, "rib");
    }
  }
  return routes;
}

std::uint64_t parse_frr_dplane_queue(std::string_view answer) {
  std::uint64_t queued = sum_behind(answer, "Route update queue depth:") +
                         sum_behind(answer, "Incoming Queue from Zebra:") +
                         sum_behind(answer, "Outgoing Queue to Zebra:");
  // "Kernel (1): in: 9, q: 0, q_max: 4, out: 9, q: 9, …": the second q never falls in 8.4.
  for (std::size_t at = 0; (at = answer.find("): in:", at)) != std::string_view::npos; ++at) {
    const std::string_view provider = answer.substr(at, answer.find(", out:", at) - at);
    queued += sum_behind(provider, " q:");
  }
  return queued;
}

std::string parse_frr_version(std::string_view answer) {
  constexpr std::string_view name = "FRRouting ";
  const std::size_t at = answer.find(name);
  if (at == std::string_view::npos) {
    return {};
  }
  const std::size_t begin = at + name.size();
  return std::string(answer.substr(begin, answer.find_first_of(" (\n", begin) - begin));
}

}  // namespace issu::backends
