#include "checkpoint/net_state/net_object.hpp"

#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstring>
#include <set>

namespace issu::checkpoint::net_state {
namespace {

constexpr std::size_t aligned(std::size_t length) {
  return (length + 3U) & ~std::size_t{3};
}

/// Which attributes of a kind of message are kept.
struct Kind {
  std::size_t head = 0;
  std::set<std::uint16_t> kept;  ///< empty: all
};

const Kind* kind_for(std::uint16_t type) {
  static const std::map<std::uint16_t, Kind> kinds{
      {RTM_NEWLINK,
       {sizeof(ifinfomsg),
        {IFLA_IFNAME, IFLA_ADDRESS, IFLA_MTU, IFLA_TXQLEN, IFLA_LINK, IFLA_MASTER, IFLA_LINKINFO,
         IFLA_GROUP, IFLA_IFALIAS, IFLA_LINK_NETNSID}}},
      {RTM_NEWADDR,
       {sizeof(ifaddrmsg),
        {IFA_ADDRESS, IFA_LOCAL, IFA_LABEL, IFA_BROADCAST, IFA_FLAGS, IFA_RT_PRIORITY}}},
      {RTM_NEWRULE, {sizeof(fib_rule_hdr), {}}},
      {RTM_NEWNEXTHOP,
       {sizeof(nhmsg),
        {NHA_ID, NHA_GROUP, NHA_GROUP_TYPE, NHA_BLACKHOLE, NHA_OIF, NHA_GATEWAY, NHA_ENCAP_TYPE,
         NHA_ENCAP, NHA_FDB}}},
      {RTM_NEWROUTE,
       {sizeof(rtmsg),
        {RTA_DST, RTA_SRC, RTA_IIF, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_PREFSRC, RTA_METRICS,
         RTA_MULTIPATH, RTA_FLOW, RTA_TABLE, RTA_VIA, RTA_PREF, RTA_ENCAP_TYPE, RTA_ENCAP,
         RTA_NH_ID}}},
      {RTM_NEWNEIGH, {sizeof(ndmsg), {NDA_DST, NDA_LLADDR, NDA_VLAN, NDA_PROTOCOL}}},
  };
  const auto found = kinds.find(type);
  return found == kinds.end() ? nullptr : &found->second;
}

/// Walks attributes; false where a length does not fit.
template <typename Visit>
bool each_attribute(std::span<const std::byte> bytes, const Visit& visit) {
  while (bytes.size() >= sizeof(rtattr)) {
    rtattr head{};
    std::memcpy(&head, bytes.data(), sizeof head);
    if (head.rta_len < sizeof head || head.rta_len > bytes.size()) {
      return false;
    }
    visit(static_cast<std::uint16_t>(head.rta_type & NLA_TYPE_MASK),
          bytes.subspan(sizeof head, head.rta_len - sizeof head));
    bytes = bytes.subspan(std::min(aligned(head.rta_len), bytes.size()));
  }
  return bytes.empty();
}

bool clean_link(NetObject& object) {
  auto head = object.head_as<ifinfomsg>();
  head.ifi_family = AF_UNSPEC;
  head.ifi_flags &= IFF_UP | IFF_NOARP;
  head.ifi_change = IFF_UP | IFF_NOARP;
  object.set_head(head);
  if (head.ifi_type == ARPHRD_LOOPBACK) {
    object.attributes.erase(IFLA_ADDRESS);
  }
  // Statistics of the slave, timers of a bridge: of what it is made of, its kind and its data only.
  if (const auto info = object.attributes.find(IFLA_LINKINFO); info != object.attributes.end()) {
    Bytes kept;
    each_attribute(info->second, [&](std::uint16_t type, std::span<const std::byte> value) {
      if (type != IFLA_INFO_KIND && type != IFLA_INFO_DATA) {
        return;
      }
      const rtattr attribute{static_cast<unsigned short>(sizeof(rtattr) + value.size()), type};
      const auto bytes = std::as_bytes(std::span(&attribute, 1));
      kept.insert(kept.end(), bytes.begin(), bytes.end());
      kept.insert(kept.end(), value.begin(), value.end());
      kept.resize(aligned(kept.size()));
    });
    info->second = std::move(kept);
  }
  return true;
}

bool clean_address(NetObject& object) {
  auto head = object.head_as<ifaddrmsg>();
  const std::uint32_t flags = object.number(IFA_FLAGS).value_or(head.ifa_flags);
  if ((flags & IFA_F_PERMANENT) == 0) {
    return false;  // learned: it is learned again
  }
  // Whether it is the first of its network follows from the order in which they are made.
  head.ifa_flags = 0;
  object.set_head(head);
  object.set(IFA_FLAGS, flags & IFA_F_NOPREFIXROUTE);
  return true;
}

bool clean_nexthop(NetObject& object) {
  auto head = object.head_as<nhmsg>();
  head.nh_scope = 0;
  head.nh_flags &= RTNH_F_ONLINK;
  object.set_head(head);
  if (object.attributes.contains(NHA_GROUP)) {
    // Weights count, what is reserved does not.
    return true;
  }
  object.attributes.erase(NHA_GROUP_TYPE);
  return true;
}

/// The flags of each next hop of a route that say how it is now.
void clean_multipath(Bytes& hops) {
  for (std::size_t at = 0; at + sizeof(rtnexthop) <= hops.size();) {
    rtnexthop hop{};
    std::memcpy(&hop, hops.data() + at, sizeof hop);
    if (hop.rtnh_len < sizeof hop) {
      return;
    }
    hop.rtnh_flags &= RTNH_F_ONLINK;
    std::memcpy(hops.data() + at, &hop, sizeof hop);
    at += aligned(hop.rtnh_len);
  }
}

bool clean_route(NetObject& object) {
  auto head = object.head_as<rtmsg>();
  if ((head.rtm_flags & RTM_F_CLONED) != 0 || head.rtm_protocol == RTPROT_KERNEL ||
      head.rtm_protocol == RTPROT_REDIRECT || head.rtm_protocol == RTPROT_RA ||
      (head.rtm_family != AF_INET && head.rtm_family != AF_INET6)) {
    return false;
  }
  head.rtm_flags &= RTNH_F_ONLINK;
  object.set_head(head);
  if (object.attributes.contains(RTA_NH_ID)) {
    // The kernel spells the object out beside its id, and takes only one of both.
    for (const std::uint16_t spelt :
         {RTA_OIF, RTA_GATEWAY, RTA_MULTIPATH, RTA_VIA, RTA_ENCAP, RTA_ENCAP_TYPE}) {
      object.attributes.erase(spelt);
    }
    head.rtm_flags = 0;
    object.set_head(head);
  }
  if (const auto hops = object.attributes.find(RTA_MULTIPATH); hops != object.attributes.end()) {
    clean_multipath(hops->second);
  }
  return true;
}

bool clean_rule(NetObject& object) {
  auto head = object.head_as<fib_rule_hdr>();
  head.flags &= FIB_RULE_PERMANENT | FIB_RULE_INVERT;
  object.set_head(head);
  // Not said where it is 0, and chosen by the kernel where it is not said.
  if (!object.attributes.contains(FRA_PRIORITY)) {
    object.set(FRA_PRIORITY, std::uint32_t{0});
  }
  return true;
}

bool clean_neighbour(NetObject& object) {
  auto head = object.head_as<ndmsg>();
  constexpr std::uint16_t known = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE;
  if ((head.ndm_family != AF_INET && head.ndm_family != AF_INET6) ||
      !object.attributes.contains(NDA_LLADDR)) {
    return false;
  }
  if ((head.ndm_state & NUD_PERMANENT) != 0) {
    head.ndm_state = NUD_PERMANENT;
  } else if ((head.ndm_state & known) != 0) {
    head.ndm_state = NUD_STALE;  // true when it was heard; it is asked as soon as it is used
  } else {
    return false;
  }
  // Learned by a daemon or set by hand, a router: the rest is how it is now.
  head.ndm_flags &= NTF_ROUTER | NTF_PROXY | NTF_EXT_LEARNED;
  head.ndm_pad1 = 0;
  head.ndm_pad2 = 0;
  object.set_head(head);
  return true;
}

std::string address_text(int family, const Bytes& bytes) {
  char text[INET6_ADDRSTRLEN];
  const std::size_t size = family == AF_INET ? 4 : 16;
  return bytes.size() == size && ::inet_ntop(family, bytes.data(), text, sizeof text) != nullptr
             ? text
             : "default";
}

const Bytes& attribute(const NetObject& object, std::uint16_t type) {
  static const Bytes none;
  const auto found = object.attributes.find(type);
  return found == object.attributes.end() ? none : found->second;
}

}  // namespace

std::optional<std::uint32_t> NetObject::number(std::uint16_t name) const {
  const Bytes& bytes = attribute(*this, name);
  std::uint32_t value = 0;
  if (bytes.size() != sizeof value) {
    return std::nullopt;
  }
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

std::string NetObject::text(std::uint16_t name) const {
  std::string said;
  for (const std::byte byte : attribute(*this, name)) {
    if (byte == std::byte{0}) {
      break;
    }
    said += static_cast<char>(byte);
  }
  return said;
}

void NetObject::set(std::uint16_t name, std::uint32_t value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  attributes[name].assign(bytes.begin(), bytes.end());
}

void NetObject::set(std::uint16_t name, std::string_view value) {
  const auto bytes = std::as_bytes(std::span(value));
  attributes[name].assign(bytes.begin(), bytes.end());
  attributes[name].push_back(std::byte{0});
}

std::optional<NetObject> object_of(std::uint16_t type, std::span<const std::byte> payload) {
  const Kind* kind = kind_for(type);
  if (kind == nullptr || payload.size() < kind->head) {
    return std::nullopt;
  }
  NetObject object;
  object.type = type;
  object.head.assign(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(kind->head));
  const auto rest = payload.subspan(std::min(aligned(kind->head), payload.size()));
  const bool sound =
      each_attribute(rest, [&](std::uint16_t name, std::span<const std::byte> value) {
        if (kind->kept.empty() || kind->kept.contains(name)) {
          object.attributes[name].assign(value.begin(), value.end());
        }
      });
  if (!sound) {
    return std::nullopt;
  }
  const bool kept = type == RTM_NEWLINK      ? clean_link(object)
                    : type == RTM_NEWADDR    ? clean_address(object)
                    : type == RTM_NEWRULE    ? clean_rule(object)
                    : type == RTM_NEWNEXTHOP ? clean_nexthop(object)
                    : type == RTM_NEWROUTE   ? clean_route(object)
                    : type == RTM_NEWNEIGH   ? clean_neighbour(object)
                                             : true;
  return kept ? std::optional(std::move(object)) : std::nullopt;
}

Bytes payload_of(const NetObject& object) {
  Bytes bytes = object.head;
  bytes.resize(aligned(bytes.size()));
  for (const auto& [type, value] : object.attributes) {
    const rtattr head{static_cast<unsigned short>(sizeof(rtattr) + value.size()), type};
    const auto raw = std::as_bytes(std::span(&head, 1));
    bytes.insert(bytes.end(), raw.begin(), raw.end());
    bytes.insert(bytes.end(), value.begin(), value.end());
    bytes.resize(aligned(bytes.size()));
  }
  return bytes;
}

std::string name_of(const NetObject& object) {
  switch (object.type) {
    case RTM_NEWLINK:
      return "link " + object.text(IFLA_IFNAME) + " (index " +
             std::to_string(object.head_as<ifinfomsg>().ifi_index) + ")";
    case RTM_NEWADDR: {
      const auto head = object.head_as<ifaddrmsg>();
      const bool local = object.attributes.contains(IFA_LOCAL);
      return "address " +
             address_text(head.ifa_family, attribute(object, local ? IFA_LOCAL : IFA_ADDRESS)) +
             "/" + std::to_string(head.ifa_prefixlen) + " of link index " +
             std::to_string(head.ifa_index);
    }
    case RTM_NEWRULE:
      return "rule of priority " + std::to_string(object.number(FRA_PRIORITY).value_or(0));
    case RTM_NEWNEXTHOP:
      return "nexthop " + std::to_string(object.number(NHA_ID).value_or(0));
    case RTM_NEWROUTE: {
      const auto head = object.head_as<rtmsg>();
      return "route " + address_text(head.rtm_family, attribute(object, RTA_DST)) + "/" +
             std::to_string(head.rtm_dst_len) + " of table " +
             std::to_string(object.number(RTA_TABLE).value_or(head.rtm_table));
    }
    case RTM_NEWNEIGH: {
      const auto head = object.head_as<ndmsg>();
      return "neighbour " + address_text(head.ndm_family, attribute(object, NDA_DST)) +
             " of link index " + std::to_string(head.ndm_ifindex);
    }
    default:
      return "something of type " + std::to_string(object.type);
  }
}

std::string kind_of(const NetObject& link) {
  std::string kind;
  each_attribute(attribute(link, IFLA_LINKINFO),
                 [&](std::uint16_t type, std::span<const std::byte> value) {
                   for (const std::byte byte : value) {
                     if (type == IFLA_INFO_KIND && byte != std::byte{0}) {
                       kind += static_cast<char>(byte);
                     }
                   }
                 });
  return kind;
}

}  // namespace issu::checkpoint::net_state
