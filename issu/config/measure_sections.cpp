#include <fmt/format.h>

#include <map>
#include <set>

#include "issu/config/address.hpp"
#include "issu/config/sections.hpp"

namespace issu::config {
namespace {

namespace fs = std::filesystem;

/// A name for reports and file names, used once within its section.
std::string read_name(StrictTable& table, std::set<std::string>& names) {
  const std::string name = table.required_text("name");
  if (name.empty()) {
    return name;
  }
  if (auto good = check_netns_name(name); !good) {
    table.refuse("name", good.error().what(), good.error().hint());
  }
  if (!names.insert(name).second) {
    table.refuse("name", "\"" + name + "\" stands there twice", "rename one");
  }
  return name;
}

std::string read_netns(StrictTable& table, const std::string& key) {
  const std::string name = table.required_text(key);
  if (!name.empty()) {
    if (auto good = check_netns_name(name); !good) {
      table.refuse(key, good.error().what(), good.error().hint());
    }
  }
  return name;
}

/// How many prefixes of its length there are from `first` to the end of the address space, as far
/// as a count can say it.
double room_after(const state_sync::Prefix& first) {
  double before = 0;
  for (unsigned bit = 0; bit < first.length; ++bit) {
    const bool set = (first.bytes[bit / 8U] >> (7U - bit % 8U)) & 1U;
    before = before * 2 + (set ? 1 : 0);
  }
  double all = 1;
  for (unsigned bit = 0; bit < first.length; ++bit) {
    all *= 2;
  }
  return all - before;
}

void read_destinations(StrictTable& probe, measure::StreamPlan& stream) {
  if (!probe.has("destinations")) {
    probe.refuse("destinations", "is missing",
                 "add destinations = [{ first = \"198.51.100.0/24\", count = 1 }]");
    return;
  }
  auto ranges = probe.tables("destinations");
  const TomlValue* list = probe.value("destinations");
  if (list->kind == TomlValue::Kind::array && list->items.empty()) {
    probe.refuse("destinations", "is empty", "name at least one range");
  }
  for (StrictTable& range : ranges) {
    const std::string text = range.required_text("first");
    const auto count = static_cast<std::uint64_t>(range.integer("count", {1, 16'777'216}, 1));
    range.finish();
    if (text.empty()) {
      continue;
    }
    const auto first = state_sync::Prefix::parse(text);
    if (!first) {
      range.refuse("first", "\"" + text + "\" is not a prefix: " + first.error().what(),
                   first.error().hint().empty() ? "write it like \"198.51.100.0/24\""
                                                : first.error().hint());
      continue;
    }
    if (static_cast<double>(count) > room_after(*first)) {
      range.refuse("count", fmt::format("{} prefixes do not fit behind {}", count, text),
                   "begin earlier or take fewer");
    }
    if (!stream.destinations.empty() && stream.destinations.front().first.family != first->family) {
      range.refuse("first", "\"" + text + "\" is of another family than the ranges before it",
                   "make a [[probe]] for each family");
    }
    stream.destinations.push_back({*first, count});
  }
}

void read_source(StrictTable& probe, measure::StreamPlan& stream) {
  stream.source = probe.required_text("source");
  if (stream.source.empty()) {
    return;
  }
  const auto address = IpAddress::parse(stream.source);
  if (!address) {
    probe.refuse("source", address.error().what(), address.error().hint());
  } else if (!stream.destinations.empty() &&
             stream.destinations.front().first.family != address->family) {
    probe.refuse("source", "\"" + stream.source + "\" is of another family than the destinations",
                 "give an address of the destinations' family");
  }
}

void read_adjacencies(StrictTable& peer, measure::PeerPlan& plan) {
  plan.ospf = peer.texts("ospf");
  const bool bird = plan.kind == "bird";
  for (const std::string& name : plan.ospf) {
    const auto space = name.find(' ');
    const auto id = IpAddress::parse(space == std::string::npos ? name : name.substr(space + 1));
    if ((space != std::string::npos) != bird || !id || id->family != 4) {
      peer.refuse(
          "ospf", "\"" + name + "\" does not name the router as an OSPF neighbour",
          "bird: the protocol and the router's id, \"ospf1 192.0.2.1\"; frr: the router's id");
    }
  }
  plan.bfd = peer.texts("bfd");
  for (const std::string& address : plan.bfd) {
    if (const auto good = IpAddress::parse(address); !good) {
      peer.refuse("bfd", good.error().what(), "name the router's addresses with a BFD session");
    }
  }
}

}  // namespace

void read_probes(StrictTable& document, RouterConfig& config) {
  std::set<std::string> names;
  for (StrictTable& probe : document.tables("probe")) {
    measure::StreamPlan stream;
    stream.name = read_name(probe, names);
    stream.from_netns = read_netns(probe, "from");
    stream.to_netns = read_netns(probe, "to");
    if (!stream.from_netns.empty() && stream.from_netns == stream.to_netns) {
      probe.refuse("to", "\"" + stream.to_netns + "\" is where the stream comes from",
                   "name the namespace on the other side of the router");
    }
    read_destinations(probe, stream);
    read_source(probe, stream);
    stream.rate_pps = probe.number("rate_pps", {1, 1e7}, stream.rate_pps);
    stream.payload_bytes =
        static_cast<unsigned>(probe.integer("payload_bytes", {32, 8900}, stream.payload_bytes));
    probe.finish();
    config.measure.streams.push_back(std::move(stream));
  }
}

void read_peers(StrictTable& document, const fs::path& folder, RouterConfig& config) {
  std::set<std::string> names;
  for (StrictTable& peer : document.tables("peer")) {
    measure::PeerPlan plan;
    plan.name = read_name(peer, names);
    plan.kind = peer.required_choice("kind", {"bird", "frr"});
    const std::string control = peer.required_text("control");
    plan.control = control.empty() ? fs::path() : (folder / control).lexically_normal();
    plan.sessions = peer.texts("sessions");
    if (plan.sessions.empty()) {
      peer.refuse("sessions", peer.has("sessions") ? "is empty" : "is missing",
                  "bird: name the protocols, frr: the router's addresses");
    }
    for (const std::string& session : plan.sessions) {
      if (const auto address = IpAddress::parse(session); plan.kind == "frr" && !address) {
        peer.refuse("sessions", address.error().what(),
                    "an frr peer's sessions are named by the router's addresses");
      }
    }
    read_adjacencies(peer, plan);
    const std::string log = peer.text("log");
    plan.log = log.empty() ? fs::path() : (folder / log).lexically_normal();
    peer.finish();
    config.measure.peers.push_back(std::move(plan));
  }
}

void read_echoes(StrictTable& document, RouterConfig& config) {
  std::set<std::string> names;
  for (StrictTable& echo : document.tables("echo")) {
    measure::EchoPlan plan;
    plan.name = read_name(echo, names);
    plan.netns = read_netns(echo, "from");
    plan.address = echo.required_text("address");
    if (const auto good = IpAddress::parse(plan.address); !plan.address.empty() && !good) {
      echo.refuse("address", good.error().what(), "give one of the router's own addresses");
    }
    plan.rate_pps = echo.number("rate_pps", {1, 100}, plan.rate_pps);
    echo.finish();
    config.measure.echoes.push_back(std::move(plan));
  }
}

}  // namespace issu::config
