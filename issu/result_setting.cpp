#include "issu/result_setting.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "issu/base/json.hpp"
#include "issu/configuration.hpp"
#include "issu/device.hpp"

namespace issu {
namespace {

/// Ethernet, UDP, checksum of the frame; and the network header of a family.
unsigned frame_bytes(unsigned payload, int family) {
  return 14 + (family == 4 ? 20 : 40) + 8 + payload + 4;
}

report::PortLine port_line(const backends::PortSpec& port) {
  report::PortLine line;
  line.name = port.name;
  line.addresses = port.addresses;
  line.media = port.device.empty() ? "virtual Ethernet (veth)" : "host interface " + port.device;
  if (!port.peer_netns.empty()) {
    line.far_end = port.peer_name + " in network namespace " + port.peer_netns;
  }
  return line;
}

report::LoadLine load_line(const measure::StreamPlan& stream) {
  report::LoadLine line;
  line.name = stream.name;
  line.from = stream.from_netns;
  line.to = stream.to_netns;
  line.rate_pps = stream.rate_pps;
  for (const measure::PrefixRange& range : stream.destinations) {
    line.family = range.first.family;
    line.prefixes += range.count;
    const unsigned length = range.first.length;
    if (std::find(line.prefix_lengths.begin(), line.prefix_lengths.end(), length) ==
        line.prefix_lengths.end()) {
      line.prefix_lengths.push_back(length);
    }
  }
  line.frame_bytes = frame_bytes(stream.payload_bytes, line.family);
  return line;
}

void add_once(std::vector<std::string>& list, const char* word, bool there) {
  if (there && std::find(list.begin(), list.end(), word) == list.end()) {
    list.emplace_back(word);
  }
}

}  // namespace

report::Setting setting_of(const RouterParts& parts, const Context& context) {
  const config::RouterConfig& config = parts.config;
  report::Setting setting;
  setting.device = read_device();
  if (config.backend == "vm" || config.backend == "card") {
    setting.device.accelerator = config.router.vm.accelerator;
  }
  auto active = parts.store.active();
  const auto slot = active && *active ? (*active)->slot : context.from;
  if (auto status = parts.rp.status(slot); status) {
    setting.device.slot_kernel = status->kernel;
  }
  if (!facts_of(context.records, Phase::checkpoint).empty()) {
    const auto facts = facts_of(context.records, Phase::preflight);
    const bool same_version =
        slot == context.from || value_of(facts, "from", "") == value_of(facts, "to", "");
    setting.configuration = configuration_delta(context, slot, same_version);
  } else {
    setting.configuration.why_not = "it ended before the configuration was asked for";
  }
  for (const backends::PortSpec& port : config.router.ports) {
    setting.ports.push_back(port_line(port));
  }
  for (const measure::PeerPlan& peer : config.measure.peers) {
    setting.neighbours.push_back(
        {peer.name, peer.kind, peer.sessions.size() + peer.ospf.size() + peer.bfd.size()});
    add_once(setting.control_protocols, "bgp", !peer.sessions.empty());
    add_once(setting.control_protocols, "ospf", !peer.ospf.empty());
    add_once(setting.control_protocols, "bfd", !peer.bfd.empty());
  }
  for (const measure::StreamPlan& stream : config.measure.streams) {
    setting.load.push_back(load_line(stream));
  }
  return setting;
}

std::vector<std::string> anomalies_after(const measure::Measurement& seen,
                                         const report::NpuTables& npu) {
  std::vector<std::string> found;
  for (const measure::SessionResult& session : seen.sessions) {
    const std::string name = session.protocol + " session of " + session.peer;
    if (!session.measured) {
      continue;  // what was not measured is told as such
    }
    if (session.established_before && !session.established_after) {
      found.push_back("the " + name + " is not up at the end");
    } else if (session.routes_after < session.routes_before) {
      found.push_back(fmt::format("the {} has {} routes of the {} before", name,
                                  session.routes_after, session.routes_before));
    }
    if (session.end_of_rib && !*session.end_of_rib) {
      found.push_back("the " + name + " got no End-of-RIB after it went down");
    }
  }
  if (npu.routes_before && npu.routes_after && *npu.routes_before != *npu.routes_after) {
    found.push_back(
        fmt::format("the NPU has {} routes, {} before", *npu.routes_after, *npu.routes_before));
  }
  return found;
}

}  // namespace issu
