#include "backends/npu/soft/engine/packet_worker.hpp"

#include <sys/socket.h>

#include <algorithm>

#include "backends/npu/soft/engine/checksum.hpp"

namespace issu::backends::soft {
namespace {

constexpr MonoNs second = 1'000'000'000;

/// Leaves the core to its other thread for a moment.
void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// The first line of the tables that an IPv4 packet will need.
void prefetch(const npu_view& view, const std::uint8_t* frame) {
  const npu_u32 destination =
      npu_be32(reinterpret_cast<const npu_ip4*>(frame + NPU_ETHERNET)->destination);
  __builtin_prefetch(&view.tbl24[destination >> 8U]);
}

}  // namespace

PacketWorker::PacketWorker(const tables::Segment& segment, const Polices& polices,
                           std::uint32_t row, int events)
    : view_(segment.view()), polices_(polices), row_(row), events_(events) {
  frames_.reserve(burst);
}

npu_u64& PacketWorker::counter(std::uint32_t port, npu_port_counter which) {
  return view_.counters[npu_port_counter_at(&view_.capacities, row_, port, which)];
}

/// A pair of packets and bytes.
void PacketWorker::count(std::uint32_t port, npu_port_counter packets, std::uint64_t bytes) {
  npu_u64* pair = &counter(port, packets);
  pair[0] += 1;
  pair[1] += bytes;
}

bool PacketWorker::turn(std::vector<PacketPort>& ports) {
  place_of_.assign(view_.capacities.ports, 0);
  for (std::size_t n = 0; n < ports.size(); ++n) {
    place_of_[ports[n].place.index] = n + 1;
  }
  bool any = false;
  for (PacketPort& port : ports) {
    now_ = mono_now();
    any |= port.rx.drain_block(
        [&](const RingFrame& frame) {
          frames_.push_back(frame);
          prefetch(view_, frame.data);
          if (frames_.size() == burst) {
            take_burst(ports, port);
          }
        },
        [&] {
          take_burst(ports, port);
          flush_all(ports);
        });
    for (PacketPort::Punt& punt : port.punts) {
      any |= punt.rx.drain_block([&](const RingFrame& frame) { inject(port, punt, frame); },
                                 [&] { flush(port); });
    }
  }
  return any;
}

bool PacketWorker::linger(const std::vector<PacketPort>& ports) {
  constexpr MonoNs moment = 100'000;
  constexpr int looks = 64;  // between two looks at the clock
  if (std::ranges::none_of(ports, [](const auto& port) { return port.rx.is_busy(); })) {
    return false;
  }
  for (const MonoNs until = mono_now() + moment; mono_now() < until;) {
    for (int n = 0; n < looks; ++n) {
      if (std::ranges::any_of(ports, [](const auto& port) { return port.rx.ready(); })) {
        return true;
      }
      relax();
    }
  }
  return false;
}

void PacketWorker::take_burst(std::vector<PacketPort>& ports, PacketPort& from) {
  for (const RingFrame& frame : frames_) {
    take_frame(ports, from, frame);
  }
  frames_.clear();
}

void PacketWorker::take_frame(std::vector<PacketPort>& ports, PacketPort& from,
                              const RingFrame& frame) {
  const std::uint32_t index = from.place.index;
  count(index, NPU_RX_PACKETS, frame.wire_bytes);
  if (frame.bytes < frame.wire_bytes) {
    counter(index, NPU_DROP_OTHER) += 1;
    return;
  }
  const std::uint8_t* end = frame.data + frame.bytes;
  npu_verdict verdict;
  npu_decide(&view_, &view_.ports[index], frame.data, end, frame.bytes, &verdict);
  switch (verdict.action) {
    case NPU_FORWARD:
      forward(ports, from, frame, verdict);
      return;
    case NPU_PUNT:
      punt(from, frame, verdict);
      return;
    default:
      counter(index, static_cast<npu_port_counter>(verdict.counter)) += 1;
      if (verdict.asks != 0) {
        const auto event = asked_by(view_, verdict, {frame.data, frame.bytes});
        if (!asked_lately(event)) {
          tell(event);
        }
      }
  }
}

void PacketWorker::forward(std::vector<PacketPort>& ports, PacketPort& from, const RingFrame& frame,
                           const npu_verdict& verdict) {
  const std::size_t place = place_of_[verdict.port];
  if (place == 0) {
    counter(from.place.index, NPU_DROP_PORT_DOWN) += 1;
    return;
  }
  PacketPort& to = ports[place - 1];
  if (frame.checksum_missing) {
    complete_checksum({frame.data, frame.bytes});
  }
  npu_rewrite(frame.data, frame.data + frame.bytes, &verdict);
  if (to.waiting.full()) {
    flush(to);
  }
  to.waiting.add({frame.data, frame.bytes});
  count(verdict.port, NPU_TX_PACKETS, frame.bytes);
  npu_u64* nexthop = &view_.counters[npu_nexthop_counter_at(&view_.capacities, row_,
                                                            verdict.nexthop, NPU_NEXTHOP_PACKETS)];
  nexthop[0] += 1;
  nexthop[1] += frame.bytes;
  // Once a second is enough to know that it is in use.
  const auto now = static_cast<npu_u64>(now_);
  if (now - verdict.neighbour->used > static_cast<npu_u64>(second)) {
    verdict.neighbour->used = now;
  }
}

void PacketWorker::punt(PacketPort& from, const RingFrame& frame, const npu_verdict& verdict) {
  const std::uint32_t index = from.place.index;
  const std::uint32_t police_class = verdict.counter;
  const std::span<std::uint8_t> bytes{frame.data, frame.bytes};
  const bool passes = npu_police_pass(&from.buckets[police_class], &polices_[police_class],
                                      static_cast<npu_u64>(now_)) != 0;
  if (verdict.lost != 0) {
    counter(index, static_cast<npu_port_counter>(verdict.lost)) += 1;
  } else if (!passes) {
    counter(index, NPU_DROP_POLICED) += 1;
  }
  if (!passes) {
    return;
  }
  if (police_class == NPU_CLASS_NEIGHBOUR) {
    if (const auto event = heard_in(index, bytes)) {
      tell(*event);
    }
  }
  if (frame.checksum_missing) {
    complete_checksum(bytes);
  }
  const npu_header& header = *view_.header;
  if (header.dark != 0 && npu_answer(&view_, header.options, view_.ports[index].mac, frame.data,
                                     frame.data + frame.bytes) != 0) {
    counter(index, from.tx.send(bytes) ? NPU_ANSWERED : NPU_DROP_TX) += 1;
    return;
  }
  const unsigned slot = 1U << (header.punt_slot & 1U);
  const auto to =
      std::ranges::find_if(from.punts, [&](const auto& each) { return (each.slots & slot) != 0; });
  if (to == from.punts.end() || !to->tx.send(bytes)) {
    counter(index, NPU_DROP_PUNT) += 1;
    return;
  }
  count(index, NPU_PUNT_PACKETS, frame.bytes);
}

void PacketWorker::inject(PacketPort& port, PacketPort::Punt& punt, const RingFrame& frame) {
  // A slot that is not punted to may not speak either.
  if ((punt.slots & (1U << (view_.header->punt_slot & 1U))) == 0 ||
      frame.bytes < frame.wire_bytes) {
    return;
  }
  if (frame.checksum_missing) {
    complete_checksum({frame.data, frame.bytes});
  }
  if (port.waiting.full()) {
    flush(port);
  }
  port.waiting.add({frame.data, frame.bytes});
  count(port.place.index, NPU_INJECT_PACKETS, frame.bytes);
}

void PacketWorker::flush(PacketPort& port) {
  if (port.waiting.size() != 0) {
    counter(port.place.index, NPU_DROP_TX) += port.waiting.flush(port.tx);
  }
}

void PacketWorker::flush_all(std::vector<PacketPort>& ports) {
  for (PacketPort& port : ports) {
    flush(port);
  }
}

bool PacketWorker::asked_lately(const NeighbourEvent& event) {
  npu_u64 words[2];
  npu_address_words(event.address.bytes.data(), words);
  const std::uint64_t key = npu_mix(npu_mix(event.port + 1, words[0]), words[1]);
  auto& [known, at] = asked_[key % asked_.size()];
  if (known == key && now_ - at < second / 2) {
    return true;
  }
  known = key;
  at = now_;
  return false;
}

void PacketWorker::tell(const NeighbourEvent& event) {
  // A full queue loses the event: who is asked for is asked for again.
  (void)::send(events_, &event, sizeof event, MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace issu::backends::soft
