// What belongs to the chassis: ports, addresses, neighbours, the slot that is punted to.

#include <algorithm>
#include <cstring>
#include <string>

#include "state-sync/tables/writer_state.hpp"

namespace issu::tables {
namespace {

npu_port entry_of(const Port& port) {
  npu_port entry{};
  entry.flags = NPU_PORT_PRESENT;
  if (port.up) {
    entry.flags |= NPU_PORT_UP;
  }
  entry.ifindex = port.ifindex;
  entry.mtu = port.mtu;
  entry.punt_ifindex[0] = port.punt_ifindex[0];
  entry.punt_ifindex[1] = port.punt_ifindex[1];
  for (std::size_t i = 0; i < port.mac.size(); ++i) {
    entry.mac |= npu_u64{port.mac[i]} << (8 * i);
  }
  std::copy(port.name.begin(), port.name.end(), entry.name);
  return entry;
}

Port port_of(const npu_port& entry) {
  Port port;
  port.name.assign(entry.name, strnlen(entry.name, sizeof entry.name));
  port.ifindex = entry.ifindex;
  port.mtu = entry.mtu;
  for (std::size_t i = 0; i < port.mac.size(); ++i) {
    port.mac[i] = static_cast<std::uint8_t>(entry.mac >> (8 * i));
  }
  port.up = (entry.flags & NPU_PORT_UP) != 0;
  port.punt_ifindex = {entry.punt_ifindex[0], entry.punt_ifindex[1]};
  return port;
}

}  // namespace

Result<std::uint32_t> Writer::set_port(const Port& port) {
  ISSU_TRY(state_->check(), "port " + port.name);
  if (port.name.empty() || port.name.size() >= sizeof npu_port{}.name) {
    return fail("\"" + port.name + "\" can't be the name of a port");
  }
  std::optional<std::uint32_t> index = find_port(port.name);
  for (std::uint32_t i = 0; !index && i < state_->view.capacities.ports; ++i) {
    if ((peek(state_->view.ports[i].flags) & NPU_PORT_PRESENT) == 0) {
      index = i;
    }
  }
  if (!index) {
    return fail("port " + port.name + ": the table of ports is full");
  }
  write_first_last(state_->view.ports[*index], entry_of(port));
  state_->touched();
  return *index;
}

Result<void> Writer::remove_port(std::uint32_t index) {
  ISSU_TRY(state_->check(), "removing a port");
  if (index >= state_->view.capacities.ports) {
    return fail("there is no port " + std::to_string(index));
  }
  // Name and MAC stay for who is just looking; without PRESENT it is no port.
  put(state_->view.ports[index].flags, 0U);
  state_->neighbours.remove_port(index, state_->options.now());
  state_->touched();
  return {};
}

std::optional<Port> Writer::port(std::uint32_t index) const {
  if (index >= state_->view.capacities.ports) {
    return std::nullopt;
  }
  const npu_port entry = snapshot(state_->view.ports[index]);
  if ((entry.flags & NPU_PORT_PRESENT) == 0) {
    return std::nullopt;
  }
  return port_of(entry);
}

std::optional<std::uint32_t> Writer::find_port(std::string_view name) const {
  for (std::uint32_t i = 0; i < state_->view.capacities.ports; ++i) {
    if (const auto one = port(i); one && one->name == name) {
      return i;
    }
  }
  return std::nullopt;
}

Result<void> Writer::set_locals(std::span<const Local> locals) {
  ISSU_TRY(state_->check(), "local addresses");
  if (locals.size() > state_->view.capacities.locals) {
    return fail(std::to_string(locals.size()) + " local addresses: there is room for " +
                std::to_string(state_->view.capacities.locals));
  }
  for (std::size_t i = 0; i < locals.size(); ++i) {
    npu_local entry{};
    std::copy(locals[i].address.bytes.begin(), locals[i].address.bytes.end(), entry.address);
    entry.family = locals[i].address.family;
    entry.length = locals[i].length;
    entry.port = locals[i].port;
    write_first_last(state_->view.locals[i], entry);
  }
  publish(state_->header.local_count, static_cast<npu_u32>(locals.size()));
  state_->touched();
  return {};
}

std::vector<Local> Writer::locals() const {
  std::vector<Local> made;
  const npu_u32 count = std::min(peek(state_->header.local_count), state_->view.capacities.locals);
  for (npu_u32 i = 0; i < count; ++i) {
    const npu_local entry = snapshot(state_->view.locals[i]);
    Local one;
    one.address.family = entry.family;
    std::copy(std::begin(entry.address), std::end(entry.address), one.address.bytes.begin());
    one.length = entry.length;
    one.port = entry.port;
    made.push_back(one);
  }
  return made;
}

Result<void> Writer::set_neighbour(const Neighbour& neighbour) {
  ISSU_TRY(state_->check(), "a neighbour");
  ISSU_TRY(state_->neighbours.set(neighbour, state_->options.now()), "a neighbour");
  state_->touched();
  return {};
}

Result<bool> Writer::remove_neighbour(std::uint32_t port, const Address& address) {
  ISSU_TRY(state_->check(), "removing a neighbour");
  const bool was_there = state_->neighbours.remove(port, address, state_->options.now());
  state_->touched();
  return was_there;
}

std::vector<Neighbour> Writer::neighbours() const {
  return state_->neighbours.list();
}

std::uint32_t Writer::punt_slot() const {
  return state_->header.punt_slot;
}

Result<void> Writer::set_punt_slot(std::uint32_t slot) {
  ISSU_TRY(state_->check(), "the slot that is punted to");
  if (slot > 1) {
    return fail("there is no slot " + std::to_string(slot));
  }
  publish(state_->header.punt_slot, slot);
  state_->touched();
  return {};
}

Result<void> Writer::set_dark(bool dark) {
  ISSU_TRY(state_->check(), "the mark of a dark route processor");
  publish(state_->header.dark, dark ? 1U : 0U);
  state_->touched();
  return {};
}

Result<void> Writer::set_options(std::uint32_t options) {
  ISSU_TRY(state_->check(), "options");
  publish(state_->header.options, options);
  state_->touched();
  return {};
}

}  // namespace issu::tables
