#include "backends/npu/soft/engine_host.hpp"

#include <net/if.h>

#include <cstdio>
#include <cstring>
#include <optional>

#include "backends/npu/soft/engine/neighbours.hpp"
#include "backends/npu/soft/engine/packet_engine.hpp"
#include "backends/npu/soft/engine/xdp_engine.hpp"

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

/// What both engines need beside them: neighbours that ask through them.
template <typename Engine>
class Hosted : public EngineHost {
 public:
  Hosted(const tables::Segment& segment, std::unique_ptr<Engine> engine)
      : segment_(segment), engine_(std::move(engine)) {}

  void attach(tables::Writer& tables) override {
    neighbours_.emplace(segment_, tables,
                        [this](std::uint32_t port, Frame frame) { engine_->send(port, frame); });
  }
  Result<void> set_ports(std::span<const EnginePort> ports) override {
    ports_.assign(ports.begin(), ports.end());
    return engine_->set_ports(ports);
  }
  [[nodiscard]] std::vector<int> fds() const override { return engine_->fds(); }
  Result<void> pump() override {
    Result<void> result;
    engine_->pump([&](const NeighbourEvent& event) {
      if (auto taken = neighbours_->take(event); !taken) {
        result = std::move(taken);
      }
    });
    return result ? neighbours_->tick() : result;
  }

 protected:
  [[nodiscard]] Engine& engine() const { return *engine_; }
  [[nodiscard]] const std::vector<EnginePort>& ports() const { return ports_; }

 private:
  const tables::Segment& segment_;
  std::unique_ptr<Engine> engine_;
  std::optional<Neighbours> neighbours_;
  std::vector<EnginePort> ports_;
};

class PacketHost final : public Hosted<PacketEngine> {
 public:
  PacketHost(const tables::Segment& segment, std::unique_ptr<PacketEngine> engine,
             const PacketOptions& options)
      : Hosted(segment, std::move(engine)), options_(options) {}

  std::pair<json, std::vector<int>> hand_over() override {
    json words{{"rings", json::array()},
               {"port_shape", shape_words(options_.ports)},
               {"punt_shape", shape_words(options_.punts)}};
    std::vector<int> fds;
    for (const HandedRing& ring : engine().hand_over()) {
      words["rings"].push_back({{"port", ring.port},
                                {"ifindex", ring.ifindex},
                                {"slots", ring.slots},
                                {"position", ring.position}});
      fds.push_back(ring.fd);
    }
    return {std::move(words), std::move(fds)};
  }
  void unpin() override {}
  [[nodiscard]] json view() const override {
    return {{"name", "packet"}, {"ports", ports().size()}};
  }

 private:
  PacketOptions options_;
};

class XdpHost final : public Hosted<XdpEngine> {
 public:
  using Hosted::Hosted;

  Result<void> pump() override {
    if (mono_now() - looked_at_ > look_interval) {
      looked_at_ = mono_now();
      engine().look_at_ports();
    }
    return Hosted::pump();
  }
  // The kernel forwards meanwhile.
  std::pair<json, std::vector<int>> hand_over() override { return {json::object(), {}}; }
  void unpin() override {
    if (auto gone = engine().detach(); !gone) {
      std::fprintf(stderr, "issu-npud: %s\n", gone.error().message().c_str());
    }
  }
  [[nodiscard]] json view() const override {
    std::size_t fast = 0;
    for (const EnginePort& port : ports()) {
      fast += engine().is_fast(port.index) ? 1U : 0U;
    }
    return {{"name", "xdp"}, {"ports", ports().size()}, {"fast_ports", fast}};
  }

 private:
  static constexpr MonoNs look_interval = 1'000'000'000;
  MonoNs looked_at_ = 0;
};

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

Result<std::unique_ptr<EngineHost>> EngineHost::start(const TableStore& tables,
                                                      Handover* heritage) {
  std::unique_ptr<EngineHost> host;
  if (tables.arrays() != nullptr) {
    auto engine = XdpEngine::start(*tables.arrays());
    if (!engine) {
      return fail(std::move(engine).error());
    }
    host = std::make_unique<XdpHost>(tables.segment(), std::move(*engine));
  } else {
    PacketOptions options;
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
    host = std::make_unique<PacketHost>(tables.segment(), std::move(*engine), options);
  }
  if (auto set = host->set_ports(ports_in(tables.segment())); !set) {
    std::fprintf(stderr, "issu-npud: %s\n", set.error().message().c_str());
  }
  return host;
}

}  // namespace issu::backends::soft
