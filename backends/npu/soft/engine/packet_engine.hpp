#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "backends/npu/soft/engine/packet_worker.hpp"

namespace issu::backends::soft {

/// A receive ring that one process gives to the next, with the descriptor beside it.
struct HandedRing {
  std::uint32_t port = 0;      ///< index in PORTS
  unsigned ifindex = 0;        ///< of the port or of its punt interface
  unsigned slots = 0;          ///< of a punt interface: bit n for slot n; 0: it is the port itself
  std::uint32_t position = 0;  ///< block that is read next
  int fd = -1;
};

struct PacketOptions {
  RingShape ports{};  ///< 16 MiB a port: a second at any rate below 100,000 frames
  RingShape punts{1U << 14U, 256, 1};
  Polices polices = default_polices();
  std::uint32_t counter_row = 0;
  int cpu = -1;  ///< that its thread stays on; -1: any
};

/// Forwards in a thread of its own, by packet sockets with receive rings: runs wherever there are
/// packet sockets, and forwards as long as its process does. While nobody reads (ports change, the
/// process is replaced), frames wait in the rings.
///
/// The kernel's own stack behind the packet sockets is kept from the frames: it would look each of
/// them up in vain, which takes longer than to forward it. Without CAP_BPF it is not kept from
/// them.
///
/// All verbs belong to one thread, in the network namespace of the ports. Segment must outlive it.
class PacketEngine {
 public:
  /// `heritage`: the rings of the process before, of the same options. It forwards with them at
  /// once; those that are not among the ports of the first `set_ports` are closed then.
  static Result<std::unique_ptr<PacketEngine>> start(const tables::Segment& segment,
                                                     const PacketOptions& options = {},
                                                     std::vector<HandedRing> heritage = {});
  ~PacketEngine();
  PacketEngine(const PacketEngine&) = delete;
  PacketEngine& operator=(const PacketEngine&) = delete;

  /// From now on these are the ports. Those that stay as they are lose nothing. The error says
  /// which ports could not be opened; the others forward.
  Result<void> set_ports(std::span<const EnginePort> ports);
  /// Stops, and takes away what would outlive this process.
  Result<void> detach();
  /// Stops forwarding at once and says what the next process goes on with; the descriptors stay
  /// this one's. `resume` takes it back.
  std::vector<HandedRing> hand_over();
  void resume();

  /// Readable when there is something for `pump`.
  [[nodiscard]] std::vector<int> fds() const { return {events_.get()}; }
  /// Gives what was seen since the last time to `take`.
  void pump(const std::function<void(const NeighbourEvent&)>& take);
  /// Sends a frame on a port; one that is not there takes nothing.
  void send(std::uint32_t port, Frame frame) const;

 private:
  PacketEngine(const tables::Segment& segment, const PacketOptions& options, Fd events,
               Fd worker_events, Fd wake, std::vector<HandedRing> heritage);
  Result<void> inherit();
  Result<PacketPort> open_port(const EnginePort& place);
  Result<RxRing> open_ring(unsigned ifindex, const RingShape& shape);
  void keep_from_kernel(const EnginePort& place) const;
  void forget(const std::vector<PacketPort>& gone) const;
  void run();
  void stop();
  void wait();

  PacketOptions options_;
  Fd events_;
  Fd worker_events_;
  Fd wake_;
  Fd drop_all_;  ///< a program of the traffic control hook; none: there is no CAP_BPF
  std::vector<HandedRing> heritage_;
  std::vector<Fd> heritage_fds_;
  PacketWorker worker_;
  std::vector<PacketPort> ports_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace issu::backends::soft
