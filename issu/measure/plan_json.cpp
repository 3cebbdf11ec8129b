#include "issu/measure/plan_json.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <set>

namespace issu::measure {
namespace {

using nlohmann::json;

json range_to(const PrefixRange& range) {
  return {{"first", range.first.text()}, {"count", range.count}};
}

json stream_to(const StreamPlan& stream) {
  json destinations = json::array();
  for (const PrefixRange& range : stream.destinations) {
    destinations.push_back(range_to(range));
  }
  return {{"name", stream.name},
          {"from_netns", stream.from_netns},
          {"to_netns", stream.to_netns},
          {"destinations", destinations},
          {"source", stream.source},
          {"rate_pps", stream.rate_pps},
          {"payload_bytes", stream.payload_bytes}};
}

json peer_to(const PeerPlan& peer) {
  return {{"name", peer.name},         {"kind", peer.kind}, {"control", peer.control.string()},
          {"sessions", peer.sessions}, {"ospf", peer.ospf}, {"bfd", peer.bfd},
          {"log", peer.log.string()}};
}

json echo_to(const EchoPlan& echo) {
  return {{"name", echo.name},
          {"netns", echo.netns},
          {"address", echo.address},
          {"rate_pps", echo.rate_pps}};
}

EchoPlan echo_from(const json& document) {
  EchoPlan echo;
  echo.name = document.at("name").get<std::string>();
  echo.netns = document.at("netns").get<std::string>();
  echo.address = document.at("address").get<std::string>();
  echo.rate_pps = document.at("rate_pps").get<double>();
  return echo;
}

StreamPlan stream_from(const json& document) {
  StreamPlan stream;
  stream.name = document.at("name").get<std::string>();
  stream.from_netns = document.at("from_netns").get<std::string>();
  stream.to_netns = document.at("to_netns").get<std::string>();
  stream.source = document.at("source").get<std::string>();
  stream.rate_pps = document.at("rate_pps").get<double>();
  stream.payload_bytes = document.at("payload_bytes").get<unsigned>();
  for (const json& entry : document.at("destinations")) {
    auto first = state_sync::Prefix::parse(entry.at("first").get<std::string>());
    if (!first) {
      throw std::invalid_argument(first.error().message());
    }
    stream.destinations.push_back(PrefixRange{*first, entry.at("count").get<std::uint64_t>()});
  }
  return stream;
}

PeerPlan peer_from(const json& document) {
  PeerPlan peer;
  peer.name = document.at("name").get<std::string>();
  peer.kind = document.at("kind").get<std::string>();
  peer.control = document.at("control").get<std::string>();
  peer.sessions = document.at("sessions").get<std::vector<std::string>>();
  peer.ospf = document.value("ospf", std::vector<std::string>());
  peer.bfd = document.value("bfd", std::vector<std::string>());
  peer.log = document.at("log").get<std::string>();
  return peer;
}

void add(std::optional<Error>& errors, std::string what) {
  Error error(std::move(what));
  if (errors) {
    errors->also(std::move(error));
  } else {
    errors.emplace(std::move(error));
  }
}

void check_stream(const StreamPlan& stream, std::optional<Error>& errors) {
  const std::string name = "the stream \"" + stream.name + "\"";
  if (!(stream.rate_pps >= 1 && stream.rate_pps <= 1e6)) {
    add(errors, name + ": rate_pps is not between 1 and 1000000");
  }
  if (stream.payload_bytes < 32 || stream.payload_bytes > 8972) {
    add(errors, name + ": payload_bytes is not between 32 and 8972");
  }
  if (stream.destinations.empty()) {
    add(errors, name + " has no destinations");
  }
  for (const PrefixRange& range : stream.destinations) {
    if (range.first.family != stream.destinations.front().first.family) {
      add(errors, name + " mixes IPv4 and IPv6 destinations: use two streams");
      break;
    }
    if (range.count == 0) {
      add(errors, name + ": a range of no prefixes at " + range.first.text());
    }
  }
}

}  // namespace

std::string plan_to_json(const MeasurePlan& plan) {
  json document{{"streams", json::array()}, {"peers", json::array()}, {"echoes", json::array()}};
  for (const StreamPlan& stream : plan.streams) {
    document["streams"].push_back(stream_to(stream));
  }
  for (const PeerPlan& peer : plan.peers) {
    document["peers"].push_back(peer_to(peer));
  }
  for (const EchoPlan& echo : plan.echoes) {
    document["echoes"].push_back(echo_to(echo));
  }
  return document.dump(1) + "\n";
}

Result<MeasurePlan> plan_from_json(std::string_view text) {
  MeasurePlan plan;
  try {
    const json document = json::parse(text);
    for (const json& stream : document.at("streams")) {
      plan.streams.push_back(stream_from(stream));
    }
    for (const json& peer : document.at("peers")) {
      plan.peers.push_back(peer_from(peer));
    }
    for (const json& echo : document.value("echoes", json::array())) {
      plan.echoes.push_back(echo_from(echo));
    }
  } catch (const std::exception& error) {
    return fail("the measurement plan can't be read: " + std::string(error.what()));
  }
  ISSU_TRY(check_plan(plan), "reading the measurement plan");
  return plan;
}

Result<void> check_plan(const MeasurePlan& plan) {
  std::optional<Error> errors;
  std::set<std::string> names;
  for (const StreamPlan& stream : plan.streams) {
    check_stream(stream, errors);
    if (!names.insert(stream.name).second) {
      add(errors, "two streams are named \"" + stream.name + "\"");
    }
  }
  for (const PeerPlan& peer : plan.peers) {
    if (peer.kind != "bird" && peer.kind != "frr") {
      add(errors, "the peer \"" + peer.name + "\" is of the unknown kind \"" + peer.kind +
                      "\": bird and frr are known");
    }
  }
  for (const EchoPlan& echo : plan.echoes) {
    if (!(echo.rate_pps >= 1 && echo.rate_pps <= 100)) {
      add(errors, "the echo probe \"" + echo.name + "\": rate_pps is not between 1 and 100");
    }
  }
  if (errors) {
    return fail(std::move(*errors));
  }
  return {};
}

}  // namespace issu::measure
