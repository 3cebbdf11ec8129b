#include "checkpoint/net_state/net_state.hpp"

#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <set>

#include "checkpoint/net_state/links.hpp"
#include "checkpoint/net_state/rtnetlink.hpp"
#include "issu/base/netns.hpp"
#include "issu/base/reasons.hpp"

namespace issu::checkpoint {
namespace {

using net_state::NetObject;
using net_state::Rtnetlink;

constexpr std::size_t most_told = 10;

/// What is asked for, in the order in which it has to be made.
struct Part {
  std::uint16_t ask;
  std::uint16_t type;
  const char* name;
  bool by_family;
};
constexpr Part parts[] = {
    {RTM_GETLINK, RTM_NEWLINK, "links", false},
    {RTM_GETADDR, RTM_NEWADDR, "addresses", true},
    {RTM_GETRULE, RTM_NEWRULE, "rules", true},
    {RTM_GETNEXTHOP, RTM_NEWNEXTHOP, "nexthop objects", false},
    {RTM_GETROUTE, RTM_NEWROUTE, "routes", true},
    {RTM_GETNEIGH, RTM_NEWNEIGH, "neighbours", true},
};

/// Routes by a nexthop address need the route to that address first, groups their members.
int rank(const NetObject& object) {
  if (object.type == RTM_NEWNEXTHOP) {
    return object.attributes.contains(NHA_GROUP) ? 1 : 0;
  }
  if (object.type == RTM_NEWROUTE) {
    return object.head_as<rtmsg>().rtm_scope >= RT_SCOPE_LINK ||
                   !(object.attributes.contains(RTA_GATEWAY) ||
                     object.attributes.contains(RTA_MULTIPATH) ||
                     object.attributes.contains(RTA_NH_ID))
               ? 0
               : 1;
  }
  return 0;
}

Result<std::vector<NetObject>> read_here() {
  auto socket = Rtnetlink::open();
  if (!socket) {
    return fail(std::move(socket).error());
  }
  std::vector<NetObject> all;
  for (const Part& part : parts) {
    const std::size_t first = all.size();
    const auto families = part.by_family ? std::vector<std::uint8_t>{AF_INET, AF_INET6}
                                         : std::vector<std::uint8_t>{AF_UNSPEC};
    for (const std::uint8_t family : families) {
      auto found = socket->dump(part.ask, family);
      if (!found) {
        return pass(std::move(found).error(), std::string("reading the ") + part.name);
      }
      std::move(found->begin(), found->end(), std::back_inserter(all));
    }
    std::stable_sort(all.begin() + static_cast<std::ptrdiff_t>(first), all.end(),
                     [](const auto& one, const auto& two) { return rank(one) < rank(two); });
  }
  return all;
}

/// All of one type; they lie together.
std::span<const NetObject> of_type(std::span<const NetObject> all, std::uint16_t type) {
  const auto is = [type](const NetObject& object) { return object.type == type; };
  const auto first = std::find_if(all.begin(), all.end(), is);
  const auto last = std::find_if_not(first, all.end(), is);
  return all.subspan(static_cast<std::size_t>(first - all.begin()),
                     static_cast<std::size_t>(last - first));
}

/// No duplicate address detection: nothing is sent or taken from an address that is only tried.
std::vector<NetObject> without_detection(std::span<const NetObject> addresses) {
  std::vector<NetObject> made(addresses.begin(), addresses.end());
  for (NetObject& address : made) {
    if (address.head_as<ifaddrmsg>().ifa_family == AF_INET6) {
      address.set(IFA_FLAGS, address.number(IFA_FLAGS).value_or(0) | IFA_F_NODAD);
    }
  }
  return made;
}

Result<void> change_all(Rtnetlink& socket, std::span<const NetObject> objects,
                        std::uint16_t flags) {
  auto refused = socket.change(objects, flags);
  if (!refused) {
    return fail(std::move(refused).error());
  }
  Reasons reasons;
  std::size_t told = 0;
  for (const auto& refusal : *refused) {
    if (refusal.error_number != EEXIST && told++ < most_told) {
      reasons.add(Error::from_errno("the kernel refuses " +
                                        net_state::name_of(objects[refusal.at]) +
                                        (refusal.words.empty() ? "" : " (" + refusal.words + ")"),
                                    refusal.error_number));
    }
  }
  if (told > most_told) {
    reasons.add(std::to_string(told - most_told) + " more were refused");
  }
  return std::move(reasons).result();
}

Result<void> make_here(std::span<const NetObject> all) {
  auto socket = Rtnetlink::open();
  if (!socket) {
    return fail(std::move(socket).error());
  }
  ISSU_TRY(net_state::make_links(*socket, of_type(all, RTM_NEWLINK)), "making links");
  // Addresses before the links go up: no automatic one comes in between.
  ISSU_TRY(change_all(*socket, without_detection(of_type(all, RTM_NEWADDR)),
                      NLM_F_CREATE | NLM_F_REPLACE),
           "setting addresses");
  ISSU_TRY(net_state::links_up(*socket, of_type(all, RTM_NEWLINK)), "setting links up");
  ISSU_TRY(change_all(*socket, of_type(all, RTM_NEWRULE), NLM_F_CREATE | NLM_F_EXCL),
           "making rules");
  ISSU_TRY(change_all(*socket, of_type(all, RTM_NEWNEXTHOP), NLM_F_CREATE | NLM_F_REPLACE),
           "making nexthop objects");
  ISSU_TRY(change_all(*socket, of_type(all, RTM_NEWROUTE), NLM_F_CREATE | NLM_F_APPEND),
           "making routes");
  return change_all(*socket, of_type(all, RTM_NEWNEIGH), NLM_F_CREATE | NLM_F_REPLACE);
}

}  // namespace

Result<NetState> NetState::read(const std::filesystem::path& netns) {
  NetState state;
  ISSU_TRY(NetNs::inside(netns,
                         [&]() -> Result<void> {
                           auto read = read_here();
                           if (!read) {
                             return fail(std::move(read).error());
                           }
                           state.objects_ = std::move(*read);
                           return {};
                         }),
           "reading the network stack");
  return state;
}

std::vector<std::string> NetState::obstacles() const {
  std::vector<std::string> found;
  const auto links = of_type(objects_, RTM_NEWLINK);
  for (const NetObject& link : links) {
    if (auto reason = net_state::cannot_make(link, links); !reason.empty()) {
      found.push_back(net_state::name_of(link) + ": " + reason);
    }
  }
  return found;
}

Result<void> NetState::place_cards(const std::filesystem::path& netns,
                                   const std::vector<std::string>& names, const CardsByLink& cards,
                                   int first_index) {
  std::vector<NetObject> links;
  for (const std::string& name : names) {
    NetObject link;
    link.type = RTM_NEWLINK;
    link.set_head(ifinfomsg{.ifi_type = ARPHRD_ETHER,
                            .ifi_index = first_index + static_cast<int>(links.size())});
    link.set(IFLA_IFNAME, std::string_view(name));
    links.push_back(std::move(link));
  }
  return net_state::bring_cards(links, netns, cards);
}

Result<void> NetState::make(const std::filesystem::path& netns, const CardsByLink& cards) const {
  ISSU_TRY(net_state::bring_cards(of_type(objects_, RTM_NEWLINK), netns, cards),
           "bringing network cards to their place");
  return NetNs::inside(netns, [&] { return make_here(objects_); });
}

std::vector<std::string> NetState::lacking_in(const NetState& other, std::size_t most) const {
  const std::set<NetObject> there(other.objects_.begin(), other.objects_.end());
  std::vector<std::string> lacking;
  for (const NetObject& object : objects_) {
    if (object.type == RTM_NEWNEIGH || there.contains(object)) {
      continue;
    }
    if (lacking.size() == most) {
      lacking.emplace_back("and more");
      break;
    }
    lacking.push_back(net_state::name_of(object));
  }
  return lacking;
}

std::string NetState::summary() const {
  std::string text;
  for (const Part& part : parts) {
    text += (text.empty() ? "" : ", ") + std::to_string(of_type(objects_, part.type).size()) + " " +
            part.name;
  }
  return text;
}

}  // namespace issu::checkpoint
