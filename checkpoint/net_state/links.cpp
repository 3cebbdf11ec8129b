#include "checkpoint/net_state/links.hpp"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "issu/base/fd.hpp"
#include "issu/base/netns.hpp"

namespace issu::checkpoint::net_state {
namespace {

/// Of headers since Linux 5.13; Debian 12's have it, glibc's may not.
constexpr std::uint16_t new_ifindex = 49;

const std::set<std::string>& makeable() {
  static const std::set<std::string> kinds{"dummy", "macvlan", "veth", "vlan", "vrf"};
  return kinds;
}

int index_of(const NetObject& link) {
  return link.head_as<ifinfomsg>().ifi_index;
}

bool is_loopback(const NetObject& link) {
  return link.head_as<ifinfomsg>().ifi_type == ARPHRD_LOOPBACK;
}

/// A card that somebody has to put in.
bool is_card(const NetObject& link) {
  return !is_loopback(link) && kind_of(link).empty();
}

const NetObject* by_index(std::span<const NetObject> links, int index) {
  const auto found = std::find_if(links.begin(), links.end(),
                                  [index](const auto& link) { return index_of(link) == index; });
  return found == links.end() ? nullptr : &*found;
}

/// A change of the link with this index: nothing but what is set afterwards.
NetObject change_of(int index, unsigned flags = 0, unsigned mask = 0) {
  NetObject change;
  change.type = RTM_NEWLINK;
  change.set_head(ifinfomsg{.ifi_index = index, .ifi_flags = flags, .ifi_change = mask});
  return change;
}

void append_attribute(Bytes& to, std::uint16_t type, std::span<const std::byte> value) {
  const rtattr head{static_cast<unsigned short>(sizeof(rtattr) + value.size()), type};
  const auto raw = std::as_bytes(std::span(&head, 1));
  to.insert(to.end(), raw.begin(), raw.end());
  to.insert(to.end(), value.begin(), value.end());
  to.resize((to.size() + 3U) & ~std::size_t{3});
}

/// Both ends of a pair are made at once.
void add_peer(NetObject& link, const NetObject& peer) {
  NetObject half;
  half.set_head(ifinfomsg{.ifi_index = index_of(peer)});
  half.attributes[IFLA_IFNAME] = peer.attributes.at(IFLA_IFNAME);
  Bytes data;
  append_attribute(data, VETH_INFO_PEER, payload_of(half));
  Bytes info;
  const std::string_view kind = "veth";
  append_attribute(info, IFLA_INFO_KIND, std::as_bytes(std::span(kind)));
  append_attribute(info, IFLA_INFO_DATA, data);
  link.attributes[IFLA_LINKINFO] = std::move(info);
  link.attributes.erase(IFLA_LINK);
}

/// Of "02:00:00:00:00:01"; empty when it is none.
Bytes hardware_address(const std::string& text) {
  Bytes bytes;
  for (std::size_t at = 0; at + 2 <= text.size(); at += 3) {
    bytes.push_back(static_cast<std::byte>(std::strtoul(text.substr(at, 2).c_str(), nullptr, 16)));
  }
  return bytes;
}

Result<std::vector<NetObject>> links_here(Rtnetlink& socket) {
  return socket.dump(RTM_GETLINK, AF_UNSPEC);
}

Result<void> make_one(Rtnetlink& socket, const NetObject& link, std::span<const NetObject> links) {
  NetObject fresh = link;
  fresh.set_head(ifinfomsg{.ifi_index = index_of(link)});
  fresh.attributes.erase(IFLA_MASTER);
  if (kind_of(link) == "veth") {
    add_peer(fresh, *by_index(links, static_cast<int>(link.number(IFLA_LINK).value_or(0))));
  }
  return socket.change_one(fresh, NLM_F_CREATE | NLM_F_EXCL);
}

}  // namespace

std::string cannot_make(const NetObject& link, std::span<const NetObject> links) {
  const std::string kind = kind_of(link);
  if (kind.empty()) {
    return {};
  }
  if (!makeable().contains(kind)) {
    return "links of kind " + kind + " are not made again on a new kernel";
  }
  if (const auto lower = link.number(IFLA_LINK);
      link.attributes.contains(IFLA_LINK_NETNSID) ||
      (lower && by_index(links, static_cast<int>(*lower)) == nullptr)) {
    return "it belongs to a link of another network namespace";
  }
  return {};
}

Result<void> bring_cards(std::span<const NetObject> links, const std::filesystem::path& netns,
                         const std::map<std::string, std::string>& cards) {
  std::vector<NetObject> there;
  ISSU_TRY(NetNs::inside(netns,
                         [&]() -> Result<void> {
                           auto socket = Rtnetlink::open();
                           auto found =
                               socket ? links_here(*socket) : fail(std::move(socket).error());
                           if (!found) {
                             return fail(std::move(found).error());
                           }
                           there = std::move(*found);
                           return {};
                         }),
           "");
  auto socket = Rtnetlink::open();
  if (!socket) {
    return fail(std::move(socket).error());
  }
  auto here = links_here(*socket);
  const Fd target(::open(netns.c_str(), O_RDONLY | O_CLOEXEC));
  if (!here) {
    return fail(std::move(here).error());
  }
  if (!target) {
    return fail_errno("opening the network namespace " + netns.string());
  }
  for (const NetObject& link : links) {
    if (!is_card(link) || by_index(there, index_of(link)) != nullptr) {
      continue;
    }
    const auto other = cards.find(link.text(IFLA_IFNAME));
    const auto own = link.attributes.find(IFLA_ADDRESS);
    const Bytes wanted = other != cards.end()           ? hardware_address(other->second)
                         : own != link.attributes.end() ? own->second
                                                        : Bytes();
    const auto card = std::find_if(here->begin(), here->end(), [&](const NetObject& one) {
      const auto address = one.attributes.find(IFLA_ADDRESS);
      return is_card(one) && address != one.attributes.end() && address->second == wanted;
    });
    if (card == here->end()) {
      return fail("there is no network card for " + name_of(link),
                  "has the machine another card now? It is known by its hardware address");
    }
    ISSU_TRY(socket->change_one(change_of(index_of(*card), 0, IFF_UP), 0), "");
    NetObject move = change_of(index_of(*card));
    move.set(IFLA_NET_NS_FD, static_cast<std::uint32_t>(target.get()));
    move.attributes[IFLA_IFNAME] = link.attributes.at(IFLA_IFNAME);
    move.set(new_ifindex, static_cast<std::uint32_t>(index_of(link)));
    ISSU_TRY(socket->change_one(move, 0), "moving " + name_of(link));
  }
  return {};
}

Result<void> make_links(Rtnetlink& socket, std::span<const NetObject> links) {
  auto there = links_here(socket);
  if (!there) {
    return fail(std::move(there).error());
  }
  std::set<int> made;
  for (const NetObject& link : *there) {
    made.insert(index_of(link));
  }
  // What a link lies on has to be there first; a pair lies on itself.
  for (std::size_t before = 0; before != made.size();) {
    before = made.size();
    for (const NetObject& link : links) {
      const auto lower = static_cast<int>(link.number(IFLA_LINK).value_or(0));
      const bool pair = kind_of(link) == "veth";
      if (made.contains(index_of(link)) || kind_of(link).empty() ||
          (lower != 0 && !pair && !made.contains(lower))) {
        continue;
      }
      if (const std::string reason = cannot_make(link, links); !reason.empty()) {
        return fail(name_of(link) + ": " + reason);
      }
      ISSU_TRY(make_one(socket, link, links), "");
      made.insert(index_of(link));
      if (pair) {
        made.insert(lower);
      }
    }
  }
  for (const NetObject& link : links) {
    if (!made.contains(index_of(link))) {
      return fail(name_of(link) + " can't be made: what it lies on is missing");
    }
    NetObject change = change_of(index_of(link));
    for (const std::uint16_t kept :
         {IFLA_ADDRESS, IFLA_MTU, IFLA_TXQLEN, IFLA_MASTER, IFLA_GROUP, IFLA_IFALIAS}) {
      const auto value = link.attributes.find(kept);
      if (value != link.attributes.end()) {
        change.attributes.insert(*value);
      }
    }
    ISSU_TRY(socket.change_one(change, 0), "");
  }
  return {};
}

Result<void> links_up(Rtnetlink& socket, std::span<const NetObject> links) {
  for (const NetObject& link : links) {
    const auto head = link.head_as<ifinfomsg>();
    ISSU_TRY(socket.change_one(change_of(head.ifi_index, head.ifi_flags, IFF_UP | IFF_NOARP), 0),
             "");
  }
  return {};
}

}  // namespace issu::checkpoint::net_state
