#include "backends/npu/soft/engine/packet_engine.hpp"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include "backends/npu/soft/engine/tc_hook.hpp"

namespace issu::backends::soft {
namespace {

std::set<unsigned> interfaces_of(const EnginePort& place) {
  std::set<unsigned> interfaces{place.ifindex, place.punt_ifindex[0], place.punt_ifindex[1]};
  interfaces.erase(0);
  return interfaces;
}

/// A router's NPU waits for none of the processors that its control plane computes on. Below the
/// probes, whose priority is 10; not where there is one processor only, which a flood would take
/// from everybody else.
void become_realtime() {
  if (::sysconf(_SC_NPROCESSORS_ONLN) > 1) {
    sched_param parameters{};
    parameters.sched_priority = 5;
    (void)::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &parameters);
  }
}

bool shares_interface(const EnginePort& one, const EnginePort& other) {
  const auto of_other = interfaces_of(other);
  return std::ranges::any_of(interfaces_of(one),
                             [&](unsigned each) { return of_other.contains(each); });
}

}  // namespace

Result<std::unique_ptr<PacketEngine>> PacketEngine::start(const tables::Segment& segment,
                                                          const PacketOptions& options,
                                                          std::vector<HandedRing> heritage) {
  if (options.counter_row >= segment.view().capacities.counter_rows) {
    return fail("the tables have no row " + std::to_string(options.counter_row) + " of counters");
  }
  int pair[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
    return fail_errno("packet engine: a socket pair");
  }
  Fd events(pair[0]);
  Fd worker_events(pair[1]);
  Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) {
    return fail_errno("packet engine: an event descriptor");
  }
  std::unique_ptr<PacketEngine> engine(new PacketEngine(segment, options, std::move(events),
                                                        std::move(worker_events), std::move(wake),
                                                        std::move(heritage)));
  if (auto program = load_drop_all()) {
    engine->drop_all_ = std::move(*program);
  } else {
    std::fprintf(stderr, "issu-npud: %s; it forwards, slower\n", program.error().message().c_str());
  }
  ISSU_TRY(engine->inherit(), "taking over from another packet engine");
  return engine;
}

PacketEngine::PacketEngine(const tables::Segment& segment, const PacketOptions& options, Fd events,
                           Fd worker_events, Fd wake, std::vector<HandedRing> heritage)
    : options_(options),
      events_(std::move(events)),
      worker_events_(std::move(worker_events)),
      wake_(std::move(wake)),
      heritage_(std::move(heritage)),
      worker_(segment, options.polices, options.counter_row, worker_events_.get()) {
  for (const HandedRing& ring : heritage_) {
    heritage_fds_.emplace_back(ring.fd);
  }
}

PacketEngine::~PacketEngine() {
  stop();
}

void PacketEngine::stop() {
  if (thread_.joinable()) {
    stopping_ = true;
    ::eventfd_write(wake_.get(), 1);
    thread_.join();
    stopping_ = false;
    eventfd_t ignored = 0;
    ::eventfd_read(wake_.get(), &ignored);
  }
}

void PacketEngine::resume() {
  if (!thread_.joinable()) {
    thread_ = std::thread([this] { run(); });
  }
}

Result<RxRing> PacketEngine::open_ring(unsigned ifindex, const RingShape& shape) {
  const auto known = std::ranges::find(heritage_, ifindex, &HandedRing::ifindex);
  if (known == heritage_.end()) {
    return RxRing::open(static_cast<int>(ifindex), shape);
  }
  const auto place = known - heritage_.begin();
  const std::uint32_t position = known->position;
  Fd fd = std::move(heritage_fds_[static_cast<std::size_t>(place)]);
  heritage_.erase(known);
  heritage_fds_.erase(heritage_fds_.begin() + place);
  return RxRing::adopt(std::move(fd), shape, position);
}

Result<PacketPort> PacketEngine::open_port(const EnginePort& place) {
  auto rx = open_ring(place.ifindex, options_.ports);
  if (!rx) {
    return fail(std::move(rx).error());
  }
  auto tx = TxSocket::open(static_cast<int>(place.ifindex));
  if (!tx) {
    return fail(std::move(tx).error());
  }
  PacketPort port{place, std::move(*rx), std::move(*tx), {}, {}, {}, {}};
  if (auto ring = TxRing::open(static_cast<int>(place.ifindex))) {
    port.tx_ring.emplace(std::move(*ring));
  } else {
    std::fprintf(stderr, "issu-npud: %s; it forwards, slower\n", ring.error().message().c_str());
  }
  for (unsigned slot = 0; slot < place.punt_ifindex.size(); ++slot) {
    const unsigned ifindex = place.punt_ifindex[slot];
    const auto same = std::ranges::find(port.punts, ifindex, &PacketPort::Punt::ifindex);
    if (same != port.punts.end()) {
      same->slots |= 1U << slot;
    } else if (ifindex != 0) {
      auto punt_rx = open_ring(ifindex, options_.punts);
      auto punt_tx = TxSocket::open(static_cast<int>(ifindex));
      if (!punt_rx || !punt_tx) {
        return fail(std::move(punt_rx ? punt_tx.error() : punt_rx.error()));
      }
      port.punts.push_back({ifindex, 1U << slot, std::move(*punt_rx), std::move(*punt_tx)});
    }
  }
  return port;
}

void PacketEngine::keep_from_kernel(const EnginePort& place) const {
  for (const unsigned ifindex : interfaces_of(place)) {
    if (!drop_all_) {
      return;
    }
    if (auto attached = attach_ingress(ifindex, drop_all_.get()); !attached) {
      std::fprintf(stderr, "issu-npud: %s; it forwards, slower\n",
                   attached.error().message().c_str());
    }
  }
}

void PacketEngine::forget(const std::vector<PacketPort>& gone) const {
  std::set<unsigned> kept;
  for (const PacketPort& port : ports_) {
    kept.merge(interfaces_of(port.place));
  }
  for (const PacketPort& port : gone) {
    for (const unsigned ifindex : interfaces_of(port.place)) {
      if (!kept.contains(ifindex)) {
        (void)detach_ingress(ifindex);
      }
    }
  }
}

Result<void> PacketEngine::detach() {
  stop();
  const std::vector<PacketPort> gone = std::exchange(ports_, {});
  forget(gone);
  return {};
}

Result<void> PacketEngine::inherit() {
  std::vector<EnginePort> places;
  for (const HandedRing& ring : heritage_) {
    auto known = std::ranges::find(places, ring.port, &EnginePort::index);
    if (known == places.end()) {
      known = places.insert(places.end(), EnginePort{ring.port, 0, {}});
    }
    if (ring.slots == 0) {
      known->ifindex = ring.ifindex;
    }
    for (unsigned slot = 0; slot < known->punt_ifindex.size(); ++slot) {
      if ((ring.slots & (1U << slot)) != 0) {
        known->punt_ifindex[slot] = ring.ifindex;
      }
    }
  }
  return places.empty() ? Result<void>() : set_ports(places);
}

Result<void> PacketEngine::set_ports(std::span<const EnginePort> ports) {
  std::vector<PacketPort> opened;
  Result<void> result;
  const auto open = [&](const EnginePort& place) {
    auto port = open_port(place);
    if (port) {
      keep_from_kernel(place);
      opened.push_back(std::move(*port));
    } else {
      result = pass(std::move(port).error(), "port " + std::to_string(place.index));
    }
  };
  // To make a ring takes a tenth of a second: the others forward meanwhile. Only where a ring of
  // the same interface is read still, another one would see the same frames again.
  std::vector<EnginePort> changed;
  for (const EnginePort& place : ports) {
    if (std::ranges::find(ports_, place, &PacketPort::place) != ports_.end()) {
      continue;
    }
    const bool is_read = std::ranges::any_of(
        ports_, [&](const PacketPort& port) { return shares_interface(port.place, place); });
    if (is_read) {
      changed.push_back(place);
    } else {
      open(place);
    }
  }
  stop();
  std::ranges::for_each(changed, open);
  std::vector<PacketPort> gone = std::exchange(ports_, std::move(opened));
  for (auto known = gone.begin(); known != gone.end();) {
    if (std::ranges::find(ports, known->place) != ports.end()) {
      ports_.push_back(std::move(*known));
      known = gone.erase(known);
    } else {
      ++known;
    }
  }
  resume();
  forget(gone);
  heritage_.clear();
  heritage_fds_.clear();
  return result;
}

std::vector<HandedRing> PacketEngine::hand_over() {
  stop();
  std::vector<HandedRing> rings;
  for (const PacketPort& port : ports_) {
    const std::uint32_t index = port.place.index;
    rings.push_back({index, port.place.ifindex, 0, port.rx.position(), port.rx.fd()});
    for (const auto& punt : port.punts) {
      rings.push_back({index, punt.ifindex, punt.slots, punt.rx.position(), punt.rx.fd()});
    }
  }
  return rings;
}

void PacketEngine::run() {
  if (options_.cpu >= 0) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(options_.cpu), &set);
    ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set);
  }
  become_realtime();
  while (!stopping_) {
    if (!worker_.turn(ports_) && !PacketWorker::linger(ports_)) {
      wait();
    }
  }
}

/// Until a ring has a block, or somebody wants us to stop.
void PacketEngine::wait() {
  std::vector<pollfd> polled{{wake_.get(), POLLIN, 0}};
  for (const PacketPort& port : ports_) {
    polled.push_back({port.rx.fd(), POLLIN, 0});
    for (const auto& punt : port.punts) {
      polled.push_back({punt.rx.fd(), POLLIN, 0});
    }
  }
  constexpr int limit_ms = 1000;
  ::poll(polled.data(), polled.size(), limit_ms);
  for (const pollfd& each : polled) {
    if ((each.revents & POLLERR) != 0) {
      // An interface that went down says so once; asking for it is what ends it.
      int error = 0;
      socklen_t bytes = sizeof error;
      ::getsockopt(each.fd, SOL_SOCKET, SO_ERROR, &error, &bytes);
    }
  }
}

void PacketEngine::pump(const std::function<void(const NeighbourEvent&)>& take) {
  NeighbourEvent event;
  while (::recv(events_.get(), &event, sizeof event, MSG_DONTWAIT) == sizeof event) {
    take(event);
  }
}

void PacketEngine::send(std::uint32_t port, Frame frame) const {
  for (const PacketPort& each : ports_) {
    if (each.place.index == port) {
      (void)each.tx.send(frame);
    }
  }
}

}  // namespace issu::backends::soft
