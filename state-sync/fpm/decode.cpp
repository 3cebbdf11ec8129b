#include "state-sync/fpm/decode.hpp"

#include <linux/nexthop.h>
#include <net/if.h>
#include <sys/socket.h>

#include "state-sync/attributes.hpp"

namespace issu::fpm {
namespace {

using state_sync::after;
using state_sync::aligned;
using state_sync::Bytes;
using state_sync::each_attribute;
using state_sync::head_of;
using state_sync::read_number;

enum class Read { taken, skipped, fault };

/// A next hop's attributes: the same in a route, in its RTA_MULTIPATH, and nearly in a nexthop
/// object.
bool read_gateway(Bytes value, Hop& hop) {
  if (value.size() != 4 && value.size() != 16) {
    return false;
  }
  hop.family = value.size() == 4 ? 4 : 6;
  std::memcpy(hop.gateway.data(), value.data(), value.size());
  return true;
}

/// RTA_VIA: a gateway of another family than the route's (struct rtvia).
bool read_via(Bytes value, Hop& hop) {
  const auto family = head_of<std::uint16_t>(value);
  if (!family || (*family != AF_INET && *family != AF_INET6)) {
    return false;
  }
  const Bytes address = after(value, sizeof *family);
  return address.size() == (*family == AF_INET ? 4U : 16U) && read_gateway(address, hop);
}

bool read_hop_attribute(unsigned type, Bytes value, Hop& hop) {
  switch (type) {
    case RTA_OIF:
      return read_number(value, hop.ifindex);
    case RTA_GATEWAY:
      return read_gateway(value, hop);
    case RTA_VIA:
      return read_via(value, hop);
    case RTA_ENCAP:
    case RTA_NEWDST:
      hop.encapsulated = true;
      return true;
    default:
      return true;
  }
}

bool read_multipath(Bytes bytes, std::vector<Hop>& hops) {
  while (!bytes.empty()) {
    const auto head = head_of<rtnexthop>(bytes);
    if (!head || head->rtnh_len < sizeof(rtnexthop) || head->rtnh_len > bytes.size() ||
        head->rtnh_ifindex < 0) {
      return false;
    }
    Hop hop;
    hop.ifindex = static_cast<std::uint32_t>(head->rtnh_ifindex);
    hop.weight = head->rtnh_hops + 1U;
    const auto attributes = bytes.subspan(sizeof(rtnexthop), head->rtnh_len - sizeof(rtnexthop));
    if (!each_attribute(attributes, [&](unsigned type, Bytes value) {
          return read_hop_attribute(type, value, hop);
        })) {
      return false;
    }
    if ((head->rtnh_flags & RTNH_F_DEAD) == 0) {
      hops.push_back(hop);
    }
    bytes = after(bytes, aligned(head->rtnh_len));
  }
  return true;
}

Read read_route(bool removed, Bytes payload, RouteSaid& route) {
  const auto head = head_of<rtmsg>(payload);
  if (!head) {
    return Read::fault;
  }
  const bool ipv4 = head->rtm_family == AF_INET;
  if ((!ipv4 && head->rtm_family != AF_INET6) || (head->rtm_flags & RTM_F_CLONED) != 0) {
    return Read::skipped;
  }
  if (head->rtm_dst_len > (ipv4 ? 32 : 128)) {
    return Read::fault;
  }
  if (head->rtm_src_len != 0 || head->rtm_tos != 0) {
    return Read::skipped;  // by source or type of service: the NPU looks at the destination only
  }
  route.removed = removed;
  route.partly = false;
  route.protocol = head->rtm_protocol;
  route.metric = 0;
  route.nexthop_id = 0;
  route.prefix = Prefix{static_cast<std::uint8_t>(ipv4 ? 4 : 6), head->rtm_dst_len, {}};
  route.hops.clear();
  switch (head->rtm_type) {
    case RTN_UNICAST:
      route.action = Action::forward;
      break;
    case RTN_BLACKHOLE:
      route.action = Action::blackhole;
      break;
    case RTN_UNREACHABLE:
    case RTN_PROHIBIT:
      route.action = Action::unreachable;
      break;
    default:
      // zebra leaves the type of a withdrawal open.
      if (!removed || head->rtm_type != RTN_UNSPEC) {
        return Read::skipped;
      }
  }
  std::uint32_t table = head->rtm_table;
  Hop single;
  bool has_single = false;
  const bool sound = each_attribute(after(payload, sizeof(rtmsg)), [&](unsigned type, Bytes value) {
    switch (type) {
      case RTA_DST:
        if (value.size() != (ipv4 ? 4U : 16U)) {
          return false;
        }
        std::memcpy(route.prefix.bytes.data(), value.data(), value.size());
        return true;
      case RTA_TABLE:
        return read_number(value, table);
      case RTA_PRIORITY:
        return read_number(value, route.metric);
      case RTA_NH_ID:
        return read_number(value, route.nexthop_id);
      case RTA_MULTIPATH:
        return read_multipath(value, route.hops);
      case RTA_OIF:
      case RTA_GATEWAY:
      case RTA_VIA:
      case RTA_ENCAP:
      case RTA_NEWDST:
        has_single = true;
        return read_hop_attribute(type, value, single);
      default:
        return true;
    }
  });
  if (!sound) {
    return Read::fault;
  }
  if (table != RT_TABLE_MAIN) {
    return Read::skipped;
  }
  route.prefix = state_sync::without_host_bits(route.prefix);
  route.partly = removed && !ipv4 && has_single && single.family != 0 && route.hops.empty();
  if (has_single && route.hops.empty()) {
    route.hops.push_back(single);
  }
  return Read::taken;
}

bool read_members(Bytes value, std::vector<NextHopSaid::Member>& members) {
  if (value.size() % sizeof(nexthop_grp) != 0) {
    return false;
  }
  for (; !value.empty(); value = after(value, sizeof(nexthop_grp))) {
    const auto entry = head_of<nexthop_grp>(value);
    members.push_back({entry->id, entry->weight + 1U});
  }
  return true;
}

Read read_nexthop(bool removed, Bytes payload, NextHopSaid& said) {
  if (!head_of<nhmsg>(payload)) {
    return Read::fault;
  }
  said.removed = removed;
  said.action = Action::forward;
  said.resilient = false;
  said.id = 0;
  said.hop = Hop{};
  said.members.clear();
  const auto attributes = after(payload, aligned(sizeof(nhmsg)));
  const bool sound = each_attribute(attributes, [&](unsigned type, Bytes value) {
    switch (type) {
      case NHA_ID:
        return read_number(value, said.id);
      case NHA_OIF:
        return read_number(value, said.hop.ifindex);
      case NHA_GATEWAY:
        return read_gateway(value, said.hop);
      case NHA_GROUP:
        return read_members(value, said.members);
      case NHA_GROUP_TYPE:
        said.resilient = head_of<std::uint16_t>(value) == NEXTHOP_GRP_TYPE_RES;
        return true;
      case NHA_BLACKHOLE:
        said.action = Action::blackhole;
        return true;
      case NHA_ENCAP:
        said.hop.encapsulated = true;
        return true;
      default:
        return true;
    }
  });
  return !sound ? Read::fault : said.id == 0 ? Read::skipped : Read::taken;
}

struct Reader {
  const Sinks& sinks;
  Decoded decoded{};
  RouteSaid route{};
  NextHopSaid nexthop{};

  Read take(const nlmsghdr& head, Bytes payload) {
    decoded.interrupted = decoded.interrupted || (head.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    switch (head.nlmsg_type) {
      case RTM_NEWROUTE:
      case RTM_DELROUTE: {
        const Read read = read_route(head.nlmsg_type == RTM_DELROUTE, payload, route);
        if (read == Read::taken) {
          sinks.route(route);
        }
        return read;
      }
      case RTM_NEWNEXTHOP:
      case RTM_DELNEXTHOP: {
        const Read read = read_nexthop(head.nlmsg_type == RTM_DELNEXTHOP, payload, nexthop);
        if (read == Read::taken) {
          sinks.nexthop(nexthop);
        }
        return read;
      }
      case RTM_DELLINK:
      case RTM_DELADDR:
        decoded.link_changed = true;
        return Read::taken;
      case RTM_NEWLINK: {
        const auto link = head_of<ifinfomsg>(payload);
        decoded.link_changed = decoded.link_changed || (link && (link->ifi_flags & IFF_UP) == 0);
        return link ? Read::taken : Read::fault;
      }
      case NLMSG_ERROR:
      case NLMSG_DONE: {
        // The end of a dump carries a code only where the kernel has one to give.
        const auto code = head_of<std::int32_t>(payload);
        if (!code && head.nlmsg_type == NLMSG_ERROR) {
          return Read::fault;
        }
        decoded.done = true;
        decoded.error = state_sync::error_of(code.value_or(0));
        return Read::taken;
      }
      default:
        return Read::skipped;
    }
  }
};

}  // namespace

Decoded decode(std::span<const std::byte> messages, const Sinks& sinks) {
  Reader reader{sinks};
  reader.decoded.sound =
      state_sync::each_message(messages, [&](const nlmsghdr& head, Bytes payload) {
        const Read read = reader.take(head, payload);
        reader.decoded.messages += read == Read::fault ? 0 : 1;
        reader.decoded.skipped += read == Read::skipped ? 1 : 0;
        return read != Read::fault;
      });
  return reader.decoded;
}

}  // namespace issu::fpm
