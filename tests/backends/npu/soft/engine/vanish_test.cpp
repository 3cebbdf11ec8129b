// A port that disappears under traffic: what went to it is counted, the other ports forward.

#include <doctest/doctest.h>

#include <set>
#include <thread>

#include "tests/backends/npu/soft/engine/traffic.hpp"
#include "tests/skip.hpp"

namespace issu::backends::soft {
namespace {

constexpr unsigned per_second = 5'000;

/// Frames from h1 at a rate: each second one to h2, those between back to h1 by the port that they
/// came in at.
class TwoWays {
 public:
  explicit TwoWays(const NetworkLab& network) : wire_(network, "h1", "e0") {
    to_h2_.from = back_.from = network.mac_of("h1", "e0");
    back_.destination = "10.9.0.1";
    sender_ = std::thread([this] { send(); });
  }
  ~TwoWays() { stop(); }
  void stop() {
    stopping_ = true;
    if (sender_.joinable()) {
      sender_.join();
    }
  }
  [[nodiscard]] std::uint64_t sent_back() const { return sent_back_; }
  [[nodiscard]] std::uint64_t sent_to_h2() const { return sent_to_h2_; }

 private:
  void send() {
    const auto to_h2 = frames::udp(to_h2_);
    while (!stopping_) {
      back_.source_port = static_cast<std::uint16_t>(sent_back_ + 1);
      wire_.send(frames::udp(back_));
      ++sent_back_;
      wire_.send(to_h2);
      ++sent_to_h2_;
      sleep_for(std::chrono::microseconds(2'000'000 / per_second));
    }
  }

  FrameSender wire_;
  frames::Packet back_;
  frames::Packet to_h2_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> sent_back_{0};
  std::atomic<std::uint64_t> sent_to_h2_{0};
  std::thread sender_;
};

/// The numbers of those that came back, told by their TTL, which is one less.
void came_back(const Capture& host, std::set<unsigned>& numbers) {
  for (const frames::Bytes& frame : host.take()) {
    if (frame.size() > 36 && frame[12] == 0x08 && frame[22] == 63 && frame[30] == 10) {
      numbers.insert(frame[34] * 256U + frame[35]);
    }
  }
}

/// Those that did not, as text.
std::string missing_of(const std::set<unsigned>& numbers, std::uint64_t sent) {
  std::string missing;
  for (unsigned n = 1; n <= sent; ++n) {
    missing += numbers.contains(n) ? "" : std::to_string(n) + " ";
  }
  return missing;
}

TEST_CASE("a port disappears under traffic: counted, and the other port loses nothing") {
  if (!is_root()) {
    ISSU_SKIP("network namespaces need root");
  }
  for (const EngineKind kind : {EngineKind::packet, EngineKind::xdp}) {
    const std::string name = kind == EngineKind::packet ? "packet" : "xdp";
    INFO(name);
    const NetworkLab network;
    EngineLab lab(network, kind);
    lab.hands().forward("10.9.0.0/16", 0, "192.0.2.2");
    lab.hands().neighbour(0, "192.0.2.2", network.mac_of("h1", "e0"));
    lab.hands().neighbour(1, "198.51.100.2", network.mac_of("h2", "e0"));
    const Capture host(network, "h1", "e0");
    std::set<unsigned> back;
    const auto look = [&](std::chrono::milliseconds time) {
      for (int n = 0; n < 10; ++n) {
        lab.run_for(time / 10);
        came_back(host, back);
      }
    };
    TwoWays traffic(network);
    look(std::chrono::milliseconds(300));
    CHECK(lab.counter(1, NPU_TX_PACKETS) > 0);
    // It is gone; npud has not heard of it yet.
    network.ip("npu", "link delete p2\n");
    look(std::chrono::milliseconds(300));
    // Now it has.
    lab.set_ports();
    const std::uint64_t before = lab.counter(0, NPU_DROP_PORT_DOWN);
    const std::uint64_t sent_before = traffic.sent_to_h2();
    look(std::chrono::milliseconds(300));
    CHECK(lab.counter(0, NPU_DROP_PORT_DOWN) > before);
    CHECK(lab.counter(0, NPU_DROP_PORT_DOWN) - before >= (traffic.sent_to_h2() - sent_before) / 2);
    // And it comes back, under traffic, too.
    network.make_port(1);
    lab.set_ports();
    lab.hands().neighbour(1, "198.51.100.2", network.mac_of("h2", "e0"));
    const Capture far(network, "h2", "e0");
    look(std::chrono::milliseconds(300));
    CHECK_FALSE(far.take().empty());
    traffic.stop();
    look(std::chrono::milliseconds(100));
    CAPTURE(traffic.sent_to_h2());
    CAPTURE(lab.counter(0, NPU_RX_PACKETS));
    CAPTURE(lab.counter(0, NPU_TX_PACKETS));
    CAPTURE(lab.counter(0, NPU_DROP_TX));
    CAPTURE(lab.counter(1, NPU_DROP_TX));
    CAPTURE(lab.counter(0, NPU_DROP_NO_NEIGHBOUR));
    CAPTURE(lab.counter(0, NPU_DROP_OTHER));
    CHECK(missing_of(back, traffic.sent_back()) == "");
  }
}

}  // namespace
}  // namespace issu::backends::soft
