#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "backends/npu/soft/engine/engine_port.hpp"
#include "backends/npu/soft/engine/neighbour_event.hpp"
#include "backends/npu/soft/engine/polices.hpp"
#include "backends/npu/soft/engine/rx_ring.hpp"
#include "backends/npu/soft/engine/tx_socket.hpp"
#include "issu/base/clock.hpp"
#include "state-sync/tables/segment.hpp"

namespace issu::backends::soft {

/// A port with its sockets.
struct PacketPort {
  EnginePort place;
  RxRing rx;
  TxSocket tx;
  struct Punt {
    unsigned ifindex = 0;
    unsigned slots = 0;  ///< bit n: slot n
    RxRing rx;
    TxSocket tx;
  };
  std::vector<Punt> punts;
  TxBatch waiting;
  std::array<npu_u64, NPU_CLASSES> buckets{};
};

/// The packet engine's data plane: takes frames from rings, decides, sends. No thread of its own.
class PacketWorker {
 public:
  /// `row`: of the counters, this worker's own. `events`: a datagram socket, non-blocking.
  PacketWorker(const tables::Segment& segment, const Polices& polices, std::uint32_t row,
               int events);

  /// Handles the next block of each ring; whether there was any.
  bool turn(std::vector<PacketPort>& ports);
  /// Waits a moment for the next block without sleeping, when one can be expected: to be woken up
  /// takes its sender longer than a frame. Whether there is one.
  [[nodiscard]] static bool linger(const std::vector<PacketPort>& ports);

 private:
  static constexpr std::size_t burst = TxBatch::room;

  void take_burst(std::vector<PacketPort>& ports, PacketPort& from);
  void take_frame(std::vector<PacketPort>& ports, PacketPort& from, const RingFrame& frame);
  void forward(std::vector<PacketPort>& ports, PacketPort& from, const RingFrame& frame,
               const npu_verdict& verdict);
  void punt(PacketPort& from, const RingFrame& frame, const npu_verdict& verdict);
  void inject(PacketPort& port, PacketPort::Punt& punt, const RingFrame& frame);
  void flush(PacketPort& port);
  void flush_all(std::vector<PacketPort>& ports);
  void tell(const NeighbourEvent& event);
  [[nodiscard]] bool asked_lately(const NeighbourEvent& event);
  [[nodiscard]] npu_u64& counter(std::uint32_t port, npu_port_counter which);
  void count(std::uint32_t port, npu_port_counter packets, std::uint64_t bytes);

  const npu_view& view_;
  Polices polices_;
  std::uint32_t row_;
  int events_;
  MonoNs now_ = 0;
  std::vector<RingFrame> frames_;
  std::vector<std::size_t> place_of_;  ///< by index in PORTS: place in `ports` plus one
  std::array<std::pair<std::uint64_t, MonoNs>, 256> asked_{};
};

}  // namespace issu::backends::soft
