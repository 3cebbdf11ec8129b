#include "backends/npu/soft/views.hpp"

#include <algorithm>
#include <vector>

#include "backends/npu/soft/link.hpp"

namespace issu::backends::soft {
namespace {

using nlohmann::json;
using state_sync::Prefix;
using tables::NextHopId;
using tables::Writer;

const char* name_of(npu_nexthop_kind kind) {
  switch (kind) {
    case NPU_NH_FORWARD:
      return "forward";
    case NPU_NH_CONNECTED:
      return "connected";
    case NPU_NH_BLACKHOLE:
      return "blackhole";
    case NPU_NH_UNREACHABLE:
      return "unreachable";
    case NPU_NH_PUNT:
      return "punt";
    case NPU_NH_GROUP:
      return "group";
    case NPU_NH_NONE:
      break;
  }
  return "none";
}

const char* name_of(npu_neighbour_state state) {
  switch (state) {
    case NPU_NEIGHBOUR_INCOMPLETE:
      return "incomplete";
    case NPU_NEIGHBOUR_REACHABLE:
      return "reachable";
    case NPU_NEIGHBOUR_STALE:
      return "stale";
    case NPU_NEIGHBOUR_FAILED:
      return "failed";
    case NPU_NEIGHBOUR_FREE:
    case NPU_NEIGHBOUR_GONE:
      break;
  }
  return "gone";
}

std::string port_name(const Writer& writer, std::uint32_t index) {
  const auto port = writer.port(index);
  return port ? port->name : std::to_string(index);
}

json nexthop_view(const Writer& writer, NextHopId id) {
  json view{{"id", id}};
  if (const auto nexthop = writer.nexthop(id)) {
    view["kind"] = name_of(nexthop->kind);
    if (nexthop->kind == NPU_NH_FORWARD) {
      view["via"] = nexthop->gateway.text();
    }
    if (nexthop->kind == NPU_NH_FORWARD || nexthop->kind == NPU_NH_CONNECTED) {
      view["port"] = port_name(writer, nexthop->port);
    }
    return view;
  }
  view["kind"] = "group";
  view["members"] = json::array();
  for (const tables::GroupMember& member : writer.members(id)) {
    json each = nexthop_view(writer, member.nexthop);
    each["weight"] = member.weight;
    view["members"].push_back(std::move(each));
  }
  return view;
}

bool is_within(const Prefix& inner, const Prefix& outer) {
  if (inner.family != outer.family || inner.length < outer.length) {
    return false;
  }
  for (unsigned bit = 0; bit < outer.length; ++bit) {
    const unsigned mask = 0x80U >> (bit % 8U);
    if (((inner.bytes[bit / 8U] ^ outer.bytes[bit / 8U]) & mask) != 0) {
      return false;
    }
  }
  return true;
}

struct CounterName {
  std::uint32_t place;
  const char* name;
};
constexpr CounterName port_counters[] = {
    {NPU_RX_PACKETS, "rx_packets"},
    {NPU_RX_BYTES, "rx_bytes"},
    {NPU_TX_PACKETS, "tx_packets"},
    {NPU_TX_BYTES, "tx_bytes"},
    {NPU_PUNT_PACKETS, "punt_packets"},
    {NPU_PUNT_BYTES, "punt_bytes"},
    {NPU_INJECT_PACKETS, "inject_packets"},
    {NPU_INJECT_BYTES, "inject_bytes"},
    {NPU_ANSWERED, "answered"},
    {NPU_DROP_MALFORMED, "drop_malformed"},
    {NPU_DROP_NO_ROUTE, "drop_no_route"},
    {NPU_DROP_BLACKHOLE, "drop_blackhole"},
    {NPU_DROP_NO_NEIGHBOUR, "drop_no_neighbour"},
    {NPU_DROP_TTL, "drop_ttl"},
    {NPU_DROP_TOO_BIG, "drop_too_big"},
    {NPU_DROP_PORT_DOWN, "drop_port_down"},
    {NPU_DROP_POLICED, "drop_policed"},
    {NPU_DROP_TX, "drop_tx"},
    {NPU_DROP_PUNT, "drop_punt"},
    {NPU_DROP_OTHER, "drop_other"},
};

std::vector<Prefix> daemon_prefixes(const Writer& writer) {
  std::vector<Prefix> prefixes;
  writer.each_route([&](const tables::RouteEntry& entry) {
    if (entry.info.owner == tables::RouteOwner::daemon) {
      prefixes.push_back(entry.prefix);
    }
    return true;
  });
  std::sort(prefixes.begin(), prefixes.end());
  return prefixes;
}

Result<std::vector<Prefix>> kernel_prefixes(state_sync::FibSocket& kernel) {
  std::vector<Prefix> prefixes;
  for (const std::uint8_t family : {std::uint8_t{4}, std::uint8_t{6}}) {
    auto dumped = kernel.dump(
        family,
        [&](const state_sync::FibEvent& event) {
          if (state_sync::is_daemon_protocol(event.route.protocol)) {
            prefixes.push_back(event.route.prefix);
          }
        },
        [] {});
    if (!dumped) {
      return pass(std::move(dumped).error(), "reading the route processor's kernel");
    }
  }
  std::sort(prefixes.begin(), prefixes.end());
  prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
  return prefixes;
}

json sample_of(const std::vector<Prefix>& prefixes, std::size_t limit) {
  json sample = json::array();
  for (const Prefix& prefix : prefixes) {
    if (sample.size() >= limit) {
      break;
    }
    sample.push_back(prefix.text());
  }
  return sample;
}

}  // namespace

json tables_view(const Writer& writer, const tables::Segment& segment) {
  const npu_header& header = segment.header();
  const tables::RouteCounts routes = writer.counts();
  json view{{"layout", header.version},
            {"writer_epoch", header.writer_epoch},
            {"changes", header.changes},
            {"dark", header.dark != 0},
            {"punt_slot", header.punt_slot},
            {"routes", {{"ipv4", routes.daemon4}, {"ipv6", routes.daemon6}, {"all", routes.all}}},
            {"nexthops", writer.nexthop_count()},
            {"capacity",
             {{"routes", header.capacities.routes},
              {"nexthops", header.capacities.nexthops},
              {"neighbours", header.capacities.neighbours},
              {"tbl8_groups", header.capacities.tbl8_groups},
              {"nodes6", header.capacities.nodes6}}},
            {"ports", json::array()},
            {"addresses", json::array()},
            {"neighbours", json::array()}};
  for (std::uint32_t index = 0; index < header.capacities.ports; ++index) {
    if (const auto port = writer.port(index)) {
      view["ports"].push_back({{"index", index},
                               {"name", port->name},
                               {"up", port->up},
                               {"mtu", port->mtu},
                               {"mac", text_of(port->mac)}});
    }
  }
  for (const tables::Local& local : writer.locals()) {
    view["addresses"].push_back(
        {{"address", local.address.text() + "/" + std::to_string(local.length)},
         {"port", port_name(writer, local.port)}});
  }
  for (const tables::Neighbour& neighbour : writer.neighbours()) {
    view["neighbours"].push_back({{"address", neighbour.address.text()},
                                  {"port", port_name(writer, neighbour.port)},
                                  {"mac", text_of(neighbour.mac)},
                                  {"state", name_of(neighbour.state)}});
  }
  return view;
}

Result<json> routes_view(const Writer& writer, const RouteQuery& query) {
  Prefix within;
  if (!query.within.empty()) {
    auto parsed = Prefix::parse(query.within);
    if (!parsed) {
      return fail(std::move(parsed).error().as(ErrorKind::usage));
    }
    within = *parsed;
  }
  std::vector<tables::RouteEntry> found;
  writer.each_route([&](const tables::RouteEntry& entry) {
    const bool wanted = query.chassis || entry.info.owner == tables::RouteOwner::daemon;
    if (wanted && (query.within.empty() || is_within(entry.prefix, within))) {
      found.push_back(entry);
    }
    return true;
  });
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.prefix < b.prefix; });
  json view{{"total", found.size()}, {"routes", json::array()}};
  for (const tables::RouteEntry& entry : found) {
    if (query.limit != 0 && view["routes"].size() >= query.limit) {
      break;
    }
    json route{{"prefix", entry.prefix.text()},
               {"protocol", entry.info.protocol},
               {"metric", entry.info.metric},
               {"stale", entry.stale}};
    route["nexthop"] = nexthop_view(writer, entry.nexthop);
    view["routes"].push_back(std::move(route));
  }
  return view;
}

Result<json> difference_view(const Writer& writer, state_sync::FibSocket& kernel,
                             std::size_t samples) {
  auto there = kernel_prefixes(kernel);
  if (!there) {
    return fail(std::move(there).error());
  }
  const std::vector<Prefix> here = daemon_prefixes(writer);
  std::vector<Prefix> only_here;
  std::vector<Prefix> only_there;
  std::set_difference(here.begin(), here.end(), there->begin(), there->end(),
                      std::back_inserter(only_here));
  std::set_difference(there->begin(), there->end(), here.begin(), here.end(),
                      std::back_inserter(only_there));
  return json{{"same", here.size() - only_here.size()},
              {"only_npu", only_here.size()},
              {"only_kernel", only_there.size()},
              {"samples",
               {{"only_npu", sample_of(only_here, samples)},
                {"only_kernel", sample_of(only_there, samples)}}}};
}

json counters_view(const Writer& writer, const tables::Segment& segment) {
  const npu_capacities& capacities = segment.header().capacities;
  const auto words = segment.words(NPU_COUNTERS);
  const auto sum = [&](auto place) {
    std::uint64_t total = 0;
    for (std::uint32_t row = 0; row < capacities.counter_rows; ++row) {
      total += words[place(row)];
    }
    return total;
  };
  json view{{"ports", json::array()}, {"nexthops", json::array()}};
  for (std::uint32_t index = 0; index < capacities.ports; ++index) {
    const auto port = writer.port(index);
    if (!port) {
      continue;
    }
    json counters{{"name", port->name}};
    for (const CounterName& counter : port_counters) {
      counters[counter.name] = sum([&](std::uint32_t row) {
        return npu_port_counter_at(&capacities, row, index, counter.place);
      });
    }
    view["ports"].push_back(std::move(counters));
  }
  for (NextHopId id = 1; id < capacities.nexthops; ++id) {
    const std::uint64_t packets = sum([&](std::uint32_t row) {
      return npu_nexthop_counter_at(&capacities, row, id, NPU_NEXTHOP_PACKETS);
    });
    if (packets != 0) {
      json each = nexthop_view(writer, id);
      each["packets"] = packets;
      each["bytes"] = sum([&](std::uint32_t row) {
        return npu_nexthop_counter_at(&capacities, row, id, NPU_NEXTHOP_BYTES);
      });
      view["nexthops"].push_back(std::move(each));
    }
  }
  return view;
}

}  // namespace issu::backends::soft
