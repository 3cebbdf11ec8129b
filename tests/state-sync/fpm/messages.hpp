#pragma once

#include <linux/netlink.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "state-sync/prefix.hpp"

/// Netlink messages as zebra writes them, for tests, benchmarks and fuzzers' seeds.
namespace issu::tests {

using ByteString = std::vector<std::byte>;

template <typename T>
void put(ByteString& out, const T& value) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&value);
  out.insert(out.end(), bytes, bytes + sizeof value);
}

inline void put_attribute(ByteString& out, unsigned type, std::span<const std::byte> value) {
  rtattr head{};
  head.rta_len = static_cast<unsigned short>(sizeof head + value.size());
  head.rta_type = static_cast<unsigned short>(type);
  put(out, head);
  out.insert(out.end(), value.begin(), value.end());
  out.resize((out.size() + 3U) & ~std::size_t{3});
}

template <typename T>
void put_value(ByteString& out, unsigned type, const T& value) {
  put_attribute(out, type, std::as_bytes(std::span(&value, 1)));
}

/// The bytes of "192.0.2.1" or "2001:db8::1".
inline ByteString address(const std::string& text) {
  const bool ipv6 = text.find(':') != std::string::npos;
  const auto prefix = state_sync::Prefix::parse(text + (ipv6 ? "/128" : "/32"));
  const auto all = std::as_bytes(std::span(prefix->bytes)).first(ipv6 ? 16 : 4);
  return {all.begin(), all.end()};
}

struct Gateway {
  std::string address;  ///< empty: none
  std::uint32_t ifindex = 0;
  std::uint8_t weight = 1;
};

/// Begins a message; `end_message` puts its length in.
inline std::size_t begin_message(ByteString& out, std::uint16_t type) {
  const std::size_t start = out.size();
  nlmsghdr head{};
  head.nlmsg_type = type;
  head.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE;
  put(out, head);
  return start;
}

inline void end_message(ByteString& out, std::size_t start) {
  const auto length = static_cast<std::uint32_t>(out.size() - start);
  std::memcpy(out.data() + start, &length, sizeof length);
}

inline void put_route_head(ByteString& out, const std::string& prefix, std::uint8_t protocol,
                           std::uint8_t kind) {
  const auto parsed = *state_sync::Prefix::parse(prefix);
  rtmsg body{};
  body.rtm_family = parsed.family == 4 ? AF_INET : AF_INET6;
  body.rtm_dst_len = parsed.length;
  body.rtm_protocol = protocol;
  body.rtm_table = RT_TABLE_MAIN;
  body.rtm_type = kind;
  put(out, body);
  put_attribute(out, RTA_DST,
                std::as_bytes(std::span(parsed.bytes)).first(parsed.family == 4 ? 4 : 16));
}

inline constexpr std::uint8_t bgp = 186;

/// RTM_NEWROUTE by a next-hop id, or with its hops in it.
inline ByteString new_route(const std::string& prefix, std::uint32_t nexthop_id,
                            const std::vector<Gateway>& gateways = {}, std::uint8_t protocol = bgp,
                            std::uint8_t kind = RTN_UNICAST, std::uint32_t metric = 20) {
  ByteString out;
  const std::size_t start = begin_message(out, RTM_NEWROUTE);
  put_route_head(out, prefix, protocol, kind);
  put_value(out, RTA_PRIORITY, metric);
  if (nexthop_id != 0) {
    put_value(out, RTA_NH_ID, nexthop_id);
  }
  if (gateways.size() == 1) {
    if (!gateways[0].address.empty()) {
      put_attribute(out, RTA_GATEWAY, address(gateways[0].address));
    }
    put_value(out, RTA_OIF, gateways[0].ifindex);
  } else if (gateways.size() > 1) {
    ByteString hops;
    for (const Gateway& gateway : gateways) {
      const std::size_t at = hops.size();
      rtnexthop hop{};
      hop.rtnh_ifindex = static_cast<int>(gateway.ifindex);
      hop.rtnh_hops = static_cast<unsigned char>(gateway.weight - 1);
      put(hops, hop);
      put_attribute(hops, RTA_GATEWAY, address(gateway.address));
      const auto length = static_cast<unsigned short>(hops.size() - at);
      std::memcpy(hops.data() + at, &length, sizeof length);
    }
    put_attribute(out, RTA_MULTIPATH, hops);
  }
  end_message(out, start);
  return out;
}

inline ByteString del_route(const std::string& prefix, std::uint8_t protocol = bgp,
                            std::uint32_t metric = 20) {
  ByteString out;
  const std::size_t start = begin_message(out, RTM_DELROUTE);
  put_route_head(out, prefix, protocol, RTN_UNSPEC);
  put_value(out, RTA_PRIORITY, metric);
  end_message(out, start);
  return out;
}

inline ByteString new_nexthop(std::uint32_t id, const Gateway& gateway) {
  ByteString out;
  const std::size_t start = begin_message(out, RTM_NEWNEXTHOP);
  nhmsg body{};
  body.nh_family = AF_INET;
  put(out, body);
  put_value(out, NHA_ID, id);
  if (!gateway.address.empty()) {
    put_attribute(out, NHA_GATEWAY, address(gateway.address));
  }
  put_value(out, NHA_OIF, gateway.ifindex);
  end_message(out, start);
  return out;
}

inline ByteString del_nexthop(std::uint32_t id) {
  ByteString out;
  const std::size_t start = begin_message(out, RTM_DELNEXTHOP);
  put(out, nhmsg{});
  put_value(out, NHA_ID, id);
  end_message(out, start);
  return out;
}

inline ByteString new_group(std::uint32_t id, const std::vector<std::uint32_t>& members) {
  ByteString out;
  const std::size_t start = begin_message(out, RTM_NEWNEXTHOP);
  put(out, nhmsg{});
  put_value(out, NHA_ID, id);
  ByteString entries;
  for (const std::uint32_t member : members) {
    nexthop_grp entry{};
    entry.id = member;
    put(entries, entry);
  }
  put_attribute(out, NHA_GROUP, entries);
  end_message(out, start);
  return out;
}

inline ByteString operator+(ByteString left, const ByteString& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

}  // namespace issu::tests
