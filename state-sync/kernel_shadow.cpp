#include "state-sync/kernel_shadow.hpp"

#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

#include <cstring>
#include <functional>

#include "issu/base/child.hpp"
#include "issu/base/netns.hpp"

namespace issu::state_sync {
namespace {

constexpr unsigned char shadow_protocol = 250;
constexpr std::uint32_t shadow_table = RT_TABLE_DEFAULT;
/// Above every id that daemons choose.
constexpr std::uint32_t id_offset = 0x70000000;
/// IPv6 does not look into the table by itself; behind the main table, which is at 32766.
constexpr const char* rule_place = "32767";

/// The number of this type at a place in well-formed bytes.
template <typename T>
T get(const std::string& bytes, std::size_t at) {
  T number{};
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

template <typename T>
void put(std::string& bytes, std::size_t at, T number) {
  std::memcpy(bytes.data() + at, &number, sizeof number);
}

void shift_id(std::string& bytes, std::size_t at) {
  put(bytes, at, get<std::uint32_t>(bytes, at) + id_offset);
}

/// Visits the attributes of a request that `as_requests` made: type, place and size of the value.
void each_attribute(const std::string& message, std::size_t front,
                    const std::function<void(int, std::size_t, std::size_t)>& visit) {
  for (std::size_t at = front; at + sizeof(rtattr) <= message.size();) {
    const auto header = get<rtattr>(message, at);
    visit(header.rta_type & NLA_TYPE_MASK, at + RTA_LENGTH(0), header.rta_len - RTA_LENGTH(0));
    at += RTA_ALIGN(header.rta_len);
  }
}

void shadow_nexthop(std::string message, std::string& all) {
  message[NLMSG_HDRLEN + offsetof(nhmsg, nh_protocol)] = static_cast<char>(shadow_protocol);
  each_attribute(message, NLMSG_LENGTH(NLMSG_ALIGN(sizeof(nhmsg))),
                 [&](int type, std::size_t at, std::size_t size) {
                   if (type == NHA_ID) {
                     shift_id(message, at);
                   } else if (type == NHA_GROUP) {
                     for (std::size_t i = 0; i + sizeof(nexthop_grp) <= size;
                          i += sizeof(nexthop_grp)) {
                       shift_id(message, at + i + offsetof(nexthop_grp, id));
                     }
                   }
                 });
  all += message;
}

void shadow_route(std::string message, std::string& all) {
  const std::size_t table_at = NLMSG_HDRLEN + offsetof(rtmsg, rtm_table);
  std::uint32_t table = static_cast<unsigned char>(message[table_at]);
  message[table_at] = static_cast<char>(shadow_table);
  message[NLMSG_HDRLEN + offsetof(rtmsg, rtm_protocol)] = static_cast<char>(shadow_protocol);
  each_attribute(message, NLMSG_LENGTH(NLMSG_ALIGN(sizeof(rtmsg))),
                 [&](int type, std::size_t at, std::size_t size) {
                   if (type == RTA_NH_ID && size == sizeof(std::uint32_t)) {
                     shift_id(message, at);
                   } else if (type == RTA_TABLE && size == sizeof(std::uint32_t)) {
                     table = get<std::uint32_t>(message, at);
                     put(message, at, shadow_table);
                   }
                 });
  if (table == RT_TABLE_MAIN) {
    all += message;
  }
}

void each_request(const std::string& requests, std::string& all,
                  void (*shadow)(std::string message, std::string& all)) {
  for (std::size_t at = 0; at < requests.size();) {
    const std::size_t size = NLMSG_ALIGN(get<nlmsghdr>(requests, at).nlmsg_len);
    shadow(requests.substr(at, size), all);
    at += size;
  }
}

Result<void> ip(const std::string& netns, Argv words) {
  words.insert(words.begin(), {"ip", "-n", netns});
  auto said = run_checked(words);
  return said ? Result<void>{} : fail(std::move(said).error());
}

}  // namespace

Result<KernelState> shadow_of(const KernelState& state) {
  const auto requests = as_requests(state);
  if (!requests) {
    return fail(requests.error());
  }
  KernelState shadow;
  each_request(requests->nexthops, shadow.nexthops, shadow_nexthop);
  each_request(requests->routes, shadow.routes, shadow_route);
  return shadow;
}

Result<void> cast_shadow(const std::string& netns) {
  ISSU_TRY(lift_shadow(netns), "clearing an old shadow");
  const auto state = read_kernel_state(NetNs::path_of(netns));
  if (!state) {
    return fail(state.error());
  }
  const auto shadow = shadow_of(*state);
  if (!shadow) {
    return fail(shadow.error());
  }
  ISSU_TRY(write_kernel_state(NetNs::path_of(netns), *shadow), "keeping the routes");
  return ip(netns, {"-6", "rule", "add", "pref", rule_place, "lookup", "default"});
}

Result<void> lift_shadow(const std::string& netns) {
  const std::string protocol = std::to_string(shadow_protocol);
  // Objects take the routes that use them along.
  ISSU_TRY(ip(netns, {"nexthop", "flush", "proto", protocol}), "lifting kept routes");
  for (const char* family : {"-4", "-6"}) {
    // A table in which nothing ever was does not exist: that is an error to ip.
    (void)ip(netns, {family, "route", "flush", "table", "default", "proto", protocol});
    const auto left = run_checked(
        {"ip", "-n", netns, family, "route", "show", "table", "default", "proto", protocol});
    if (left && !left->empty()) {
      return fail("kept routes are left in the table default of " + netns,
                  "ip -n " + netns + " " + family + " route flush table default proto " + protocol);
    }
  }
  // One that is not there is no error to us.
  (void)ip(netns, {"-6", "rule", "delete", "pref", rule_place, "lookup", "default"});
  return {};
}

}  // namespace issu::state_sync
