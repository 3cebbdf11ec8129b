#include "tests/backends/npu/soft/engine/engine_lab.hpp"

#include <doctest/doctest.h>
#include <poll.h>

#include <algorithm>

namespace issu::backends::soft {

EngineLab::EngineLab(const NetworkLab& network, EngineKind kind, std::vector<HandedRing> heritage)
    : network_(network), kind_(kind) {
  const auto lock = network.dir() / "tables";
  bool found = false;
  if (kind == EngineKind::xdp) {
    arrays_.emplace(XdpTables::open(network.dir() / "bpf", small_capacities(), lock).value());
    segment_ = &arrays_->segment();
    found = arrays_->found();
    network.inside("npu", [&] {
      auto engine = XdpEngine::start(*arrays_);
      REQUIRE_MESSAGE(engine, engine.error().message());
      xdp_ = std::move(*engine);
    });
  } else {
    found = std::filesystem::exists(lock);
    file_.emplace(found ? tables::Segment::open_file(lock).value()
                        : tables::Segment::create_file(lock, small_capacities()).value());
    segment_ = &*file_;
    network.inside("npu", [&] {
      auto engine = PacketEngine::start(*segment_, {}, std::move(heritage));
      REQUIRE_MESSAGE(engine, engine.error().message());
      packet_ = std::move(*engine);
    });
  }
  tables::WriterOptions options;
  options.take_over = std::chrono::seconds(2);
  writer_.emplace(std::move(tables::Writer::open(*segment_, options).value()));
  hands_.emplace(*writer_);
  neighbours_.emplace(*segment_, *writer_, [this](std::uint32_t port, Frame frame) {
    packet_ ? packet_->send(port, frame) : xdp_->send(port, frame);
  });
  set_ports();
  if (!found) {
    hands_->own("192.0.2.1/24", 0);
    hands_->own("2001:db8:1::1/64", 0);
    hands_->own("198.51.100.1/24", 1);
    hands_->own("2001:db8:2::1/64", 1);
    hands_->forward("203.0.113.0/24", 1, "198.51.100.2");
    hands_->forward("2001:db8:ffff::/48", 1, "2001:db8:2::2");
  }
}

EngineLab::~EngineLab() {
  if (xdp_) {
    network_.inside("npu", [&] { (void)xdp_->detach(); });
  }
}

void EngineLab::set_ports(const std::vector<EnginePort>& places) {
  for (const std::uint32_t n : {0U, 1U}) {
    const auto place = std::ranges::find(places, n, &EnginePort::index);
    tables::Port port;
    port.name = n == 0 ? "p1" : "p2";
    port.mtu = n == 0 ? 1500 : 1400;
    port.mac = n == 0 ? frames::port_mac : other_port_mac;
    if (place != places.end()) {
      port.ifindex = place->ifindex;
      port.up = true;
      port.punt_ifindex = place->punt_ifindex;
    }
    REQUIRE(writer_->set_port(port) == n);
  }
  Result<void> set;
  network_.inside("npu",
                  [&] { set = packet_ ? packet_->set_ports(places) : xdp_->set_ports(places); });
  REQUIRE_MESSAGE(set, set.error().message());
}

void EngineLab::turn() {
  std::vector<pollfd> polled;
  for (const int fd : packet_ ? packet_->fds() : xdp_->fds()) {
    polled.push_back({fd, POLLIN, 0});
  }
  constexpr int turn_ms = 20;
  ::poll(polled.data(), polled.size(), turn_ms);
  const auto take = [this](const NeighbourEvent& event) { CHECK(neighbours_->take(event)); };
  packet_ ? packet_->pump(take) : xdp_->pump(take);
  CHECK(neighbours_->tick());
}

bool EngineLab::run_until(const std::function<bool()>& done, std::chrono::milliseconds limit) {
  const Deadline deadline = Deadline::in(limit);
  while (!done()) {
    if (deadline.passed()) {
      return false;
    }
    turn();
  }
  return true;
}

std::uint64_t EngineLab::counter(std::uint32_t port, npu_port_counter which) const {
  const npu_view& view = segment_->view();
  std::uint64_t sum = 0;
  for (npu_u32 row = 0; row < view.capacities.counter_rows; ++row) {
    sum += view.counters[npu_port_counter_at(&view.capacities, row, port, which)];
  }
  return sum;
}

bool EngineLab::fast() const {
  return xdp_ && xdp_->is_fast(0) && xdp_->is_fast(1);
}

}  // namespace issu::backends::soft
