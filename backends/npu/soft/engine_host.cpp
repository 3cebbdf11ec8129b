#include "backends/npu/soft/engine_host.hpp"

#include <net/if.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "backends/npu/soft/settings.hpp"

namespace issu::backends::soft {
namespace {

using nlohmann::json;

json shape_words(const RingShape& shape) {
  return {{"block_bytes", shape.block_bytes},
          {"blocks", shape.blocks},
          {"timeout_ms", shape.timeout_ms}};
}

RingShape shape_of(const json& words, const char* key, const RingShape& fallback) {
  const json shape = words.value(key, json::object());
  return {shape.value("block_bytes", fallback.block_bytes), shape.value("blocks", fallback.blocks),
          shape.value("timeout_ms", fallback.timeout_ms)};
}

std::vector<HandedRing> rings_of(Handover& heritage) {
  std::vector<HandedRing> rings;
  const json words = heritage.words.value("rings", json::array());
  for (std::size_t n = 0; n < words.size() && n < heritage.fds.size(); ++n) {
    const json& each = words[n];
    HandedRing ring;
    ring.port = each.value("port", 0U);
    ring.ifindex = each.value("ifindex", 0U);
    ring.slots = each.value("slots", 0U);
    ring.position = each.value("position", 0U);
    ring.fd = heritage.fds[n].release();
    rings.push_back(ring);
  }
  return rings;
}

constexpr MonoNs second = 1'000'000'000;

}  // namespace

std::vector<EnginePort> ports_in(const tables::Segment& segment) {
  std::vector<EnginePort> ports;
  for (std::uint32_t index = 0; index < segment.header().capacities.ports; ++index) {
    const npu_port& port = segment.view().ports[index];
    char name[IF_NAMESIZE] = "";
    // Interfaces may have been made anew since: then the index is nobody's, or somebody else's.
    const bool there = (port.flags & NPU_PORT_PRESENT) != 0 && port.ifindex != 0 &&
                       ::if_indextoname(port.ifindex, name) != nullptr &&
                       std::strncmp(name, port.name, sizeof port.name) == 0;
    if (there) {
      ports.push_back({index, port.ifindex, {port.punt_ifindex[0], port.punt_ifindex[1]}});
    }
  }
  return ports;
}

Result<EngineHost::Engine> EngineHost::start_packet(const TableStore& tables,
                                                    const PuntRates& rates, Handover* heritage) {
  PacketOptions options;
  options.polices = polices_of(rates);
  std::vector<HandedRing> rings;
  if (heritage != nullptr) {
    // What is handed over has the shape that the older program gave it.
    options.ports = shape_of(heritage->words, "port_shape", options.ports);
    options.punts = shape_of(heritage->words, "punt_shape", options.punts);
    rings = rings_of(*heritage);
  }
  auto engine = PacketEngine::start(tables.segment(), options, std::move(rings));
  if (!engine) {
    return fail(std::move(engine).error());
  }
  return Packet{std::move(*engine), options};
}

Result<EngineHost> EngineHost::start(const TableStore& tables, const PuntRates& rates,
                                     Handover* heritage) {
  Result<Engine> engine = [&]() -> Result<Engine> {
    if (tables.arrays() == nullptr) {
      return start_packet(tables, rates, heritage);
    }
    auto xdp = XdpEngine::start(*tables.arrays(), polices_of(rates));
    if (!xdp) {
      return fail(std::move(xdp).error());
    }
    return Xdp{std::move(*xdp)};
  }();
  if (!engine) {
    return fail(std::move(engine).error());
  }
  EngineHost host(tables.segment(), std::move(*engine));
  host.set_ports(ports_in(tables.segment()));
  return host;
}

void EngineHost::attach(tables::Writer& tables) {
  std::visit(
      [&](auto& with) {
        neighbours_.emplace(segment_, tables,
                            [engine = with.engine.get()](std::uint32_t port, Frame frame) {
                              engine->send(port, frame);
                            });
      },
      engine_);
}

void EngineHost::set_ports(std::span<const EnginePort> ports) {
  ports_.assign(ports.begin(), ports.end());
  try_ports();
}

void EngineHost::try_ports() {
  tried_at_ = mono_now();
  const auto set = std::visit([&](auto& with) { return with.engine->set_ports(ports_); }, engine_);
  ports_refused_ = !set;
  if (ports_refused_ && (told_at_ == 0 || tried_at_ - told_at_ >= second)) {
    told_at_ = tried_at_;
    std::fprintf(stderr, "issu-npud: %s; the other ports forward\n", set.error().message().c_str());
  }
}

std::vector<int> EngineHost::fds() const {
  return std::visit([](const auto& with) { return with.engine->fds(); }, engine_);
}

void EngineHost::look_at_ports() {
  if (mono_now() - tried_at_ <= second) {
    return;
  }
  if (ports_refused_) {
    try_ports();
  } else if (Xdp* xdp = std::get_if<Xdp>(&engine_)) {
    tried_at_ = mono_now();
    xdp->engine->look_at_ports();
  }
}

Result<void> EngineHost::pump() {
  look_at_ports();
  Result<void> result;
  const auto take = [&](const NeighbourEvent& event) {
    if (auto taken = neighbours_->take(event); !taken) {
      result = std::move(taken);
    }
  };
  std::visit([&](auto& with) { with.engine->pump(take); }, engine_);
  return result ? neighbours_->tick() : result;
}

std::pair<json, std::vector<int>> EngineHost::hand_over() {
  Packet* packet = std::get_if<Packet>(&engine_);
  if (packet == nullptr) {
    return {json::object(), {}};  // the kernel forwards meanwhile
  }
  json words{{"rings", json::array()},
             {"port_shape", shape_words(packet->options.ports)},
             {"punt_shape", shape_words(packet->options.punts)}};
  std::vector<int> fds;
  for (const HandedRing& ring : packet->engine->hand_over()) {
    words["rings"].push_back({{"port", ring.port},
                              {"ifindex", ring.ifindex},
                              {"slots", ring.slots},
                              {"position", ring.position}});
    fds.push_back(ring.fd);
  }
  return {std::move(words), std::move(fds)};
}

void EngineHost::unpin() {
  const auto gone = std::visit([](auto& with) { return with.engine->detach(); }, engine_);
  if (!gone) {
    std::fprintf(stderr, "issu-npud: %s\n", gone.error().message().c_str());
  }
}

json EngineHost::view() const {
  json view{{"name", "packet"}, {"ports", ports_.size()}};
  if (const Xdp* xdp = std::get_if<Xdp>(&engine_)) {
    view["name"] = "xdp";
    view["fast_ports"] = std::ranges::count_if(
        ports_, [&](const EnginePort& port) { return xdp->engine->is_fast(port.index); });
  }
  return view;
}

}  // namespace issu::backends::soft
