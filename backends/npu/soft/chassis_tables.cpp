#include "backends/npu/soft/chassis_tables.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstdio>

#include "backends/npu/soft/link.hpp"
#include "backends/npu/soft/own_addresses.hpp"
#include "issu/base/netns.hpp"

namespace issu::backends::soft {
namespace {

using tables::NextHop;
using tables::Prefix;

std::uint8_t full_length(const tables::Address& address) {
  return address.family == 4 ? 32 : 128;
}

bool is_link_local(const tables::Address& address) {
  return address.family == 6 && address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0U) == 0x80;
}

/// A punt interface is down when its port is: so the daemons see it.
void follow_link(const std::string& punt, bool is_up, bool port_is_up) {
  if (is_up == port_is_up) {
    return;
  }
  if (auto set = set_link_up(punt, port_is_up); !set) {
    std::fprintf(stderr, "issu-npud: %s\n", set.error().message().c_str());
  }
}

Result<std::vector<OwnAddress>> addresses_in_netns(const std::string& netns) {
  std::vector<OwnAddress> own;
  ISSU_TRY(NetNs::inside(NetNs::path_of(netns),
                         [&]() -> Result<void> {
                           auto found = own_addresses();
                           if (!found) {
                             return fail(std::move(found).error());
                           }
                           own = std::move(*found);
                           return {};
                         }),
           "in the route processor's namespace");
  return own;
}

/// Where the slots have machines of their own, no namespace here has the router's addresses.
Result<std::vector<OwnAddress>> addresses_in(const Settings& settings) {
  if (settings.npu.punt_links == PuntLinks::shared) {
    return addresses_in_netns(settings.rp_netns);
  }
  std::vector<OwnAddress> own;
  for (const Settings::Port& port : settings.ports) {
    for (const std::string& text : port.addresses) {
      auto address = own_address(port.name, text);
      if (!address) {
        return fail(std::move(address).error());
      }
      own.push_back(*address);
    }
  }
  return own;
}

}  // namespace

Result<ChassisTables> ChassisTables::open(tables::Writer& tables, Settings settings) {
  auto links = open_notifications(false);
  if (!links) {
    return fail(std::move(links).error());
  }
  Fd addresses;
  ISSU_TRY(NetNs::inside(NetNs::path_of(settings.rp_netns),
                         [&]() -> Result<void> {
                           auto opened = open_notifications(true);
                           if (!opened) {
                             return fail(std::move(opened).error());
                           }
                           addresses = std::move(*opened);
                           return {};
                         }),
           "watching the route processor's addresses");
  ChassisTables made(tables, std::move(settings), std::move(*links), std::move(addresses));
  tables.each_route([&](const tables::RouteEntry& entry) {
    if (entry.info.owner == tables::RouteOwner::chassis) {
      made.routes_.insert(entry.prefix);
    }
    return true;
  });
  if (auto ports = made.take_ports(); !ports) {
    return fail(std::move(ports).error());
  }
  ISSU_TRY(made.take_addresses(), "taking the router's addresses");
  return made;
}

Result<bool> ChassisTables::pump() {
  const bool links = drain_notifications(links_);
  const bool addresses = drain_notifications(addresses_);
  Result<bool> changed = false;
  if (links) {
    changed = take_ports();
  }
  if (changed && (addresses || *changed)) {
    ISSU_TRY(take_addresses(), "taking the router's addresses");
  }
  return changed;
}

Result<bool> ChassisTables::take_ports() {
  std::vector<EnginePort> found;
  bool changed = false;
  for (const Settings::Port& named : settings_.ports) {
    tables::Port port;
    port.name = named.name;
    const auto link = link_of(named.name);
    if (link) {
      port.ifindex = link->index;
      port.mtu = link->mtu;
      port.mac = link->mac;
      port.up = link->up && link->carrier;
    }
    for (std::size_t slot = 0; slot < named.punts.size(); ++slot) {
      if (const auto punt = link_of(named.punts[slot])) {
        port.punt_ifindex[slot] = punt->index;
        follow_link(named.punts[slot], punt->up, port.up);
      }
    }
    const auto known = tables_.find_port(named.name);
    if (!known || tables_.port(*known) != port) {
      changed = true;
    }
    auto index = tables_.set_port(port);
    if (!index) {
      return pass(std::move(index).error(), "port " + named.name);
    }
    if (link && port.punt_ifindex != std::array{0U, 0U}) {
      found.push_back({*index, link->index, {port.punt_ifindex[0], port.punt_ifindex[1]}});
    }
  }
  changed = changed || found != ports_;
  ports_ = std::move(found);
  return changed;
}

Result<void> ChassisTables::set_chassis_route(const Prefix& prefix, const NextHop& nexthop) {
  auto id = tables_.intern(nexthop);
  if (!id) {
    return fail(std::move(id).error());
  }
  const tables::RouteInfo info{RTPROT_KERNEL, 0, tables::RouteOwner::chassis};
  auto set = tables_.set_route(prefix, *id, info);
  ISSU_TRY(tables_.drop(*id), "the chassis' routes");
  return set;
}

Result<void> ChassisTables::take_addresses() {
  const auto own = addresses_in(settings_);
  if (!own) {
    return fail(own.error());
  }
  std::set<Prefix> wanted;
  std::vector<tables::Local> locals;
  std::vector<std::pair<Prefix, NextHop>> routes;
  for (const OwnAddress& each : *own) {
    const auto port = tables_.find_port(each.interface);
    NextHop punt;
    punt.kind = NPU_NH_PUNT;
    punt.port = port.value_or(0);
    routes.emplace_back(prefix_of(each.address, full_length(each.address)), punt);
    if (!port) {
      continue;
    }
    locals.push_back({each.address, each.length, *port});
    // Every port has fe80::/64; frames for it are never forwarded.
    if (each.length < full_length(each.address) && !is_link_local(each.address)) {
      NextHop connected;
      connected.kind = NPU_NH_CONNECTED;
      connected.port = *port;
      routes.emplace_back(prefix_of(each.address, each.length), connected);
    }
  }
  ISSU_TRY(tables_.set_locals(locals), "the router's addresses");
  for (const auto& [prefix, nexthop] : routes) {
    wanted.insert(prefix);
    ISSU_TRY(set_chassis_route(prefix, nexthop), "the chassis' route " + prefix.text());
  }
  for (const Prefix& old : routes_) {
    const auto entry = wanted.contains(old) ? std::nullopt : tables_.find(old);
    if (entry && entry->info.owner == tables::RouteOwner::chassis) {
      if (auto gone = tables_.remove_route(old); !gone) {
        return pass(std::move(gone).error(), "the chassis' route " + old.text());
      }
    }
  }
  routes_ = std::move(wanted);
  return {};
}

}  // namespace issu::backends::soft
