#include "backends/npu/soft/engine/xdp_engine.hpp"

#include <bpf/bpf.h>
#include <linux/if_link.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string>

#include "backends/npu/soft/engine/bpf/interface.h"
#include "backends/npu/soft/engine/bpf_file_system.hpp"
#include "backends/npu/soft/engine/tc_hook.hpp"

namespace issu::backends::soft {
namespace {

constexpr std::string_view link_prefix = "link-";

template <typename Key>
std::vector<Key> keys_of(int map) {
  std::vector<Key> keys;
  Key key{};
  const Key* before = nullptr;
  for (Key next{}; ::bpf_map_get_next_key(map, before, &next) == 0; before = &key) {
    key = next;
    keys.push_back(key);
  }
  return keys;
}

/// The slots of a port that punt to this interface.
unsigned slots_of(const EnginePort& place, unsigned punt) {
  unsigned slots = 0;
  for (unsigned slot = 0; slot < place.punt_ifindex.size(); ++slot) {
    slots |= place.punt_ifindex[slot] == punt ? 1U << slot : 0U;
  }
  return slots;
}

}  // namespace

Result<std::unique_ptr<XdpEngine>> XdpEngine::start(const XdpTables& tables,
                                                    const Polices& polices) {
  auto object = XdpObject::load(tables, polices);
  if (!object) {
    return fail(std::move(object).error());
  }
  std::unique_ptr<XdpEngine> engine(new XdpEngine(tables, std::move(*object)));
  // A kernel that can't be asked: every port is sent to by the traffic control hook.
  if (auto features = XdpFeatures::open()) {
    engine->features_ = std::move(*features);
  }
  return engine;
}

std::filesystem::path XdpEngine::link_pin(unsigned ifindex) const {
  return tables_.folder() / (std::string(link_prefix) + std::to_string(ifindex));
}

Result<void> XdpEngine::attach_xdp(unsigned ifindex) {
  const int program = object_.program("npu_xdp");
  auto pinned = open_pin(link_pin(ifindex));
  if (!pinned) {
    return fail(std::move(pinned).error());
  }
  // That of an interface which is gone can't be updated, and is replaced.
  if (*pinned && ::bpf_link_update(pinned->get(), program, nullptr) == 0) {
    return {};
  }
  pinned->reset();
  ::unlink(link_pin(ifindex).c_str());
  Fd link;
  for (const std::uint32_t flags : {0U, XDP_FLAGS_SKB_MODE}) {
    LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flags);
    link = Fd(::bpf_link_create(program, static_cast<int>(ifindex), BPF_XDP, &options));
    if (link) {
      return make_pin(link.get(), link_pin(ifindex));
    }
  }
  return fail_errno("attaching XDP to interface " + std::to_string(ifindex));
}

Result<void> XdpEngine::name_interface(unsigned ifindex, const npu_interface& interface) {
  if (::bpf_map_update_elem(object_.map("npu_interfaces"), &ifindex, &interface, BPF_ANY) != 0) {
    return fail_errno("telling the BPF program of interface " + std::to_string(ifindex));
  }
  return {};
}

Result<XdpEngine::Port> XdpEngine::take_port(const EnginePort& place) {
  npu_interface interface {};
  interface.port = place.index;
  std::copy(place.punt_ifindex.begin(), place.punt_ifindex.end(), interface.punt_ifindex);
  ISSU_TRY(name_interface(place.ifindex, interface), "its interface");
  for (const unsigned punt : std::set(place.punt_ifindex.begin(), place.punt_ifindex.end())) {
    if (punt != 0) {
      ISSU_TRY(name_interface(punt, {place.index, slots_of(place, punt), {0, 0}}),
               "its punt interface");
      ISSU_TRY(attach_ingress(punt, object_.program("npu_punt_ingress")), "its punt interface");
    }
  }
  auto tap = Tap::open(place.ifindex, place.index);
  auto tx = TxSocket::open(static_cast<int>(place.ifindex));
  if (!tap || !tx) {
    return fail(tap ? tx.error() : tap.error());
  }
  // What passes XDP needs somebody to take it: that one first.
  ISSU_TRY(attach_ingress(place.ifindex, object_.program("npu_port_ingress")), "its interface");
  ISSU_TRY(attach_xdp(place.ifindex), "its interface");
  return Port{place, std::move(*tap), std::move(*tx), false};
}

/// Interfaces that are no longer ours, also those of an earlier process.
void XdpEngine::forget_others() {
  std::set<unsigned> wanted;
  std::set<std::uint32_t> indexes;
  for (const Port& port : ports_) {
    wanted.insert(port.place.ifindex);
    wanted.insert(port.place.punt_ifindex.begin(), port.place.punt_ifindex.end());
    indexes.insert(port.place.index);
  }
  const int interfaces = object_.map("npu_interfaces");
  for (const unsigned ifindex : keys_of<unsigned>(interfaces)) {
    if (!wanted.contains(ifindex)) {
      ::bpf_map_delete_elem(interfaces, &ifindex);
      ::unlink(link_pin(ifindex).c_str());
      (void)detach_ingress(ifindex);
    }
  }
  const int tx_ports = object_.map("npu_tx_ports");
  for (const std::uint32_t index : keys_of<std::uint32_t>(tx_ports)) {
    if (!indexes.contains(index)) {
      ::bpf_map_delete_elem(tx_ports, &index);
    }
  }
}

Result<void> XdpEngine::set_ports(std::span<const EnginePort> ports) {
  std::vector<Port> kept;
  Result<void> result;
  for (const EnginePort& place : ports) {
    const auto known = std::ranges::find(ports_, place, &Port::place);
    if (known != ports_.end()) {
      kept.push_back(std::move(*known));
      ports_.erase(known);
      continue;
    }
    auto taken = take_port(place);
    if (taken) {
      kept.push_back(std::move(*taken));
    } else {
      result = pass(std::move(taken).error(), "port " + std::to_string(place.index));
    }
  }
  ports_ = std::move(kept);
  forget_others();
  look_at_ports();
  return result;
}

void XdpEngine::look_at_ports() {
  const int map = object_.map("npu_tx_ports");
  for (Port& port : ports_) {
    const auto takes = features_ ? features_->takes_frames(port.place.ifindex) : false;
    std::uint32_t known = 0;
    const bool there =
        ::bpf_map_lookup_elem(map, &port.place.index, &known) == 0 && known == port.place.ifindex;
    port.fast = takes && *takes;
    if (port.fast && !there) {
      port.fast = ::bpf_map_update_elem(map, &port.place.index, &port.place.ifindex, BPF_ANY) == 0;
    } else if (!port.fast && known != 0) {
      ::bpf_map_delete_elem(map, &port.place.index);
    }
  }
}

Result<void> XdpEngine::detach() {
  ports_.clear();
  forget_others();
  return {};
}

std::vector<int> XdpEngine::fds() const {
  std::vector<int> fds;
  for (const Port& port : ports_) {
    fds.push_back(port.tap.fd());
  }
  return fds;
}

void XdpEngine::pump(const std::function<void(const NeighbourEvent&)>& take) {
  for (const Port& port : ports_) {
    port.tap.pump(tables_.segment().view(), take);
  }
}

void XdpEngine::send(std::uint32_t index, Frame frame) const {
  for (const Port& port : ports_) {
    if (port.place.index == index) {
      (void)port.tx.send(frame);
    }
  }
}

bool XdpEngine::is_fast(std::uint32_t index) const {
  return std::ranges::any_of(
      ports_, [&](const Port& port) { return port.place.index == index && port.fast; });
}

}  // namespace issu::backends::soft
