#include "backends/npu/soft/engine/neighbours.hpp"

#include <algorithm>
#include <cstring>

#include "backends/npu/soft/engine/solicit.hpp"

namespace issu::backends::soft {
namespace {

/// Whether both begin with the same `bits` bits.
bool same_prefix(const tables::Address& one, const tables::Address& other, unsigned bits) {
  for (unsigned i = 0; i < bits; ++i) {
    const unsigned mask = 0x80U >> (i % 8);
    if ((one.bytes[i / 8] & mask) != (other.bytes[i / 8] & mask)) {
      return false;
    }
  }
  return true;
}

bool is_link_local(const tables::Address& address) {
  return address.family == 6 && npu_ip6_link_local(address.bytes.data()) != 0;
}

bool usable(npu_neighbour_state state) {
  return state == NPU_NEIGHBOUR_REACHABLE || state == NPU_NEIGHBOUR_STALE;
}

/// The neighbour as the tables have it, nothing else about the table.
npu_neighbour* found(const tables::Segment& segment, std::uint32_t port,
                     const tables::Address& address) {
  npu_u64 words[2];
  npu_address_words(address.bytes.data(), words);
  return npu_neighbour_find(&segment.view(), port, address.family, words);
}

tables::Neighbour as_neighbour(const npu_neighbour& entry, std::uint32_t port,
                               const tables::Address& address) {
  tables::Neighbour neighbour;
  neighbour.port = port;
  neighbour.address = address;
  const npu_u64 link = npu_link_of(&entry);
  std::memcpy(neighbour.mac.data(), &link, neighbour.mac.size());
  neighbour.state = static_cast<npu_neighbour_state>(npu_link_state(link));
  neighbour.confirmed = static_cast<MonoNs>(entry.confirmed);
  neighbour.used = static_cast<MonoNs>(entry.used);
  return neighbour;
}

}  // namespace

Neighbours::Neighbours(const tables::Segment& segment, tables::Writer& tables, Send send,
                       const NeighbourTimes& times, std::function<MonoNs()> now)
    : segment_(segment),
      tables_(tables),
      send_(std::move(send)),
      times_(times),
      now_(std::move(now)),
      links_(segment.view().capacities.ports) {
  for (std::size_t n = 0; n < links_.size(); ++n) {
    const npu_port& port = segment.view().ports[n];
    links_[n] = (port.flags & NPU_PORT_UP) != 0 ? port.ifindex : 0;
  }
}

Result<void> Neighbours::take(const NeighbourEvent& event) {
  if (event.kind == NeighbourEvent::Kind::asked) {
    return asked({event.port, event.address});
  }
  return heard(event);
}

bool Neighbours::is_own(const tables::Address& address) const {
  npu_u32 first = 0;
  std::memcpy(&first, address.bytes.data(), sizeof first);
  const npu_view& view = segment_.view();
  const npu_u32 id = address.family == 4 ? npu_lookup4(&view, npu_be32(first))
                                         : npu_lookup6(&view, address.bytes.data());
  return npu_is_own(&view, id) != 0 || is_link_local(address);
}

/// Anybody may correct what is known of him; only who answers us or asks for us gets an entry, so
/// that nobody fills the table.
Result<void> Neighbours::heard(const NeighbourEvent& event) {
  const Key key{event.port, event.address};
  const npu_neighbour* entry = found(segment_, event.port, event.address);
  const bool for_us = event.answer || is_own(event.target);
  if ((entry == nullptr && (event.answer || !for_us)) || is_own_mac(event)) {
    return {};
  }
  tables::Neighbour neighbour;
  if (entry != nullptr) {
    neighbour = as_neighbour(*entry, event.port, event.address);
    if (!for_us && neighbour.mac == event.mac) {
      return {};
    }
  }
  const MonoNs now = now_();
  neighbour.port = event.port;
  neighbour.address = event.address;
  neighbour.mac = event.mac;
  neighbour.state = NPU_NEIGHBOUR_REACHABLE;
  neighbour.confirmed = now;
  neighbour.used = std::max<MonoNs>(neighbour.used, entry == nullptr ? now : 0);
  questions_[key].asked = 0;
  return tables_.set_neighbour(neighbour);
}

bool Neighbours::is_own_mac(const NeighbourEvent& event) const {
  const npu_port* port = npu_port_at(&segment_.view(), event.port);
  npu_u64 mac = 0;
  std::memcpy(&mac, event.mac.data(), event.mac.size());
  return port == nullptr || port->mac == mac;
}

Result<void> Neighbours::begin(const Key& key) {
  tables::Neighbour neighbour;
  neighbour.port = key.first;
  neighbour.address = key.second;
  neighbour.used = now_();
  ISSU_TRY(tables_.set_neighbour(neighbour), "neighbour " + key.second.text());
  ask(key, questions_[key], nullptr);
  return {};
}

Result<void> Neighbours::asked(const Key& key) {
  const npu_neighbour* entry = found(segment_, key.first, key.second);
  if (entry == nullptr) {
    return begin(key);
  }
  const auto neighbour = as_neighbour(*entry, key.first, key.second);
  if (neighbour.state == NPU_NEIGHBOUR_FAILED &&
      now_() - questions_[key].asked_at >= times_.retry) {
    questions_[key].asked = 0;
    return begin(key);
  }
  return {};
}

tables::Address Neighbours::source_for(const Key& key, const tables::MacAddress& mac) const {
  if (key.second.family == 6) {
    return link_local_of(mac);
  }
  tables::Address any;
  for (const tables::Local& local : tables_.locals()) {
    if (local.port != key.first || local.address.family != 4) {
      continue;
    }
    if (same_prefix(local.address, key.second, local.length)) {
      return local.address;
    }
    any = local.address;
  }
  return any;
}

void Neighbours::ask(const Key& key, Question& question, const tables::Neighbour* known) {
  const auto port = tables_.port(key.first);
  if (!port || !port->up) {
    return;
  }
  question.asked_at = now_();
  question.asked += 1;
  std::optional<tables::MacAddress> mac;
  // One that does not answer at its old address may have got another one.
  if (known != nullptr && question.asked <= times_.questions) {
    mac = known->mac;
  }
  const auto made = solicit({port->mac, source_for(key, port->mac)}, key.second, mac);
  send_(key.first, Frame(made.bytes.data(), made.size));
}

Result<void> Neighbours::look_after(const tables::Neighbour& neighbour) {
  const Key key{neighbour.port, neighbour.address};
  Question& question = questions_[key];
  const MonoNs now = now_();
  if (!question.gateway && now - neighbour.used > times_.forget) {
    questions_.erase(key);
    auto removed = tables_.remove_neighbour(neighbour.port, neighbour.address);
    return removed ? Result<void>() : Result<void>(fail(std::move(removed).error()));
  }
  const MonoNs silent = now - neighbour.confirmed;
  if (now - question.asked_at < times_.retry ||
      (usable(neighbour.state) && silent < times_.refresh)) {
    return {};
  }
  tables::Neighbour changed = neighbour;
  if (neighbour.state == NPU_NEIGHBOUR_INCOMPLETE && question.asked >= times_.questions) {
    changed.state = NPU_NEIGHBOUR_FAILED;
  } else if (usable(neighbour.state) && silent > times_.give_up) {
    changed.state = NPU_NEIGHBOUR_FAILED;
  } else if (neighbour.state == NPU_NEIGHBOUR_REACHABLE && question.asked >= times_.questions) {
    changed.state = NPU_NEIGHBOUR_STALE;
  }
  // A gateway is asked for as long as there are routes to it; others when a packet asks again.
  if (neighbour.state != NPU_NEIGHBOUR_FAILED || question.gateway) {
    ask(key, question, usable(neighbour.state) ? &neighbour : nullptr);
  }
  return changed.state == neighbour.state ? Result<void>() : tables_.set_neighbour(changed);
}

Result<void> Neighbours::look_for_gateways() {
  for (auto& [key, question] : questions_) {
    question.gateway = false;
  }
  const npu_view& view = segment_.view();
  for (npu_u32 id = 1; id < view.capacities.nexthops; ++id) {
    const struct npu_nexthop& nexthop = view.nexthops[id];
    if (nexthop.kind != NPU_NH_FORWARD) {
      continue;
    }
    tables::Address gateway;
    gateway.family = nexthop.family;
    std::memcpy(gateway.bytes.data(), nexthop.gateway, nexthop.family == 4 ? 4 : 16);
    const Key key{nexthop.port, gateway};
    questions_[key].gateway = true;
    if (found(segment_, key.first, key.second) == nullptr) {
      ISSU_TRY(begin(key), "gateway " + gateway.text());
    }
  }
  std::erase_if(questions_, [&](const auto& each) {
    return !each.second.gateway && found(segment_, each.first.first, each.first.second) == nullptr;
  });
  return {};
}

/// Behind a port that was down, or was made anew, anybody may stand.
Result<void> Neighbours::follow_ports() {
  const npu_view& view = segment_.view();
  for (npu_u32 n = 0; n < view.capacities.ports; ++n) {
    const npu_port& port = view.ports[n];
    const std::uint32_t link = (port.flags & NPU_PORT_UP) != 0 ? port.ifindex : 0;
    if (links_[n] == link) {
      continue;
    }
    links_[n] = link;
    looked_at_ = 0;
    for (const tables::Neighbour& neighbour : tables_.neighbours()) {
      if (neighbour.port == n) {
        questions_.erase({n, neighbour.address});
        if (auto removed = tables_.remove_neighbour(n, neighbour.address); !removed) {
          return pass(std::move(removed).error(), "neighbour " + neighbour.address.text());
        }
      }
    }
  }
  return {};
}

Result<void> Neighbours::tick() {
  const MonoNs now = now_();
  ISSU_TRY(follow_ports(), "ports that changed");
  if (looked_at_ == 0 || now - looked_at_ >= times_.look_around) {
    looked_at_ = now;
    ISSU_TRY(look_for_gateways(), "looking for gateways");
  }
  for (const tables::Neighbour& neighbour : tables_.neighbours()) {
    ISSU_TRY(look_after(neighbour), "neighbour " + neighbour.address.text());
  }
  return {};
}

}  // namespace issu::backends::soft
