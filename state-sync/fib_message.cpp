#include "state-sync/fib_message.hpp"

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cstring>

#include "state-sync/attributes.hpp"

namespace issu::state_sync {
namespace {

enum class Outcome { event, skip, fault };

Outcome read_route(Bytes payload, Route& route) {
  const auto head = head_of<rtmsg>(payload);
  if (!head) {
    return Outcome::fault;
  }
  const bool ipv4 = head->rtm_family == AF_INET;
  if ((!ipv4 && head->rtm_family != AF_INET6) || (head->rtm_flags & RTM_F_CLONED) != 0) {
    return Outcome::skip;
  }
  if (head->rtm_type != RTN_UNICAST && head->rtm_type != RTN_BLACKHOLE &&
      head->rtm_type != RTN_UNREACHABLE && head->rtm_type != RTN_PROHIBIT) {
    return Outcome::skip;
  }
  if (head->rtm_dst_len > (ipv4 ? 32 : 128)) {
    return Outcome::fault;
  }
  route.prefix.family = ipv4 ? 4 : 6;
  route.prefix.length = head->rtm_dst_len;
  route.tos = head->rtm_tos;
  route.protocol = head->rtm_protocol;
  std::uint32_t table = head->rtm_table;
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
        return read_number(value, route.nexthop);
      case RTA_MULTIPATH:
        route.multipath = true;
        return true;
      default:
        return true;
    }
  });
  if (!sound) {
    return Outcome::fault;
  }
  return table == RT_TABLE_MAIN ? Outcome::event : Outcome::skip;
}

Outcome read_nexthop(Bytes payload, std::uint32_t& id) {
  if (!head_of<nhmsg>(payload)) {
    return Outcome::fault;
  }
  const bool sound = each_attribute(
      after(payload, aligned(sizeof(nhmsg))),
      [&](unsigned type, Bytes value) { return type != NHA_ID || read_number(value, id); });
  return !sound ? Outcome::fault : id != 0 ? Outcome::event : Outcome::skip;
}

Outcome read_message(const nlmsghdr& head, Bytes payload, FibEvent& event) {
  event.sender = head.nlmsg_pid;
  event.sequence = head.nlmsg_seq;
  event.interrupted = (head.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
  switch (head.nlmsg_type) {
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      event.kind = head.nlmsg_type == RTM_NEWROUTE ? FibEvent::Kind::route_present
                                                   : FibEvent::Kind::route_removed;
      return read_route(payload, event.route);
    case RTM_NEWNEXTHOP:
    case RTM_DELNEXTHOP:
      event.kind = head.nlmsg_type == RTM_NEWNEXTHOP ? FibEvent::Kind::nexthop_changed
                                                     : FibEvent::Kind::nexthop_removed;
      return read_nexthop(payload, event.nexthop);
    case RTM_DELLINK:
    case RTM_DELADDR:
      event.kind = FibEvent::Kind::shaken;
      return Outcome::event;
    case RTM_NEWLINK: {
      const auto link = head_of<ifinfomsg>(payload);
      event.kind = FibEvent::Kind::shaken;
      return !link                             ? Outcome::fault
             : (link->ifi_flags & IFF_UP) == 0 ? Outcome::event
                                               : Outcome::skip;
    }
    case NLMSG_ERROR:
    case NLMSG_DONE: {
      // The end of a dump carries a code only where the kernel has one to give.
      const auto code = head_of<std::int32_t>(payload);
      if (!code && head.nlmsg_type == NLMSG_ERROR) {
        return Outcome::fault;
      }
      event.kind =
          head.nlmsg_type == NLMSG_DONE ? FibEvent::Kind::dump_end : FibEvent::Kind::answer;
      event.error = error_of(code.value_or(0));
      return Outcome::event;
    }
    default:
      return Outcome::skip;
  }
}

void append_bytes(std::vector<std::byte>& out, Bytes bytes) {
  const std::size_t start = out.size();
  out.resize(start + bytes.size());
  std::memcpy(out.data() + start, bytes.data(), bytes.size());
}

template <typename T>
void append(std::vector<std::byte>& out, const T& value) {
  append_bytes(out, std::as_bytes(std::span(&value, 1)));
}

void append_attribute(std::vector<std::byte>& out, unsigned type, Bytes value) {
  rtattr head{};
  head.rta_len = static_cast<unsigned short>(sizeof head + value.size());
  head.rta_type = static_cast<unsigned short>(type);
  append(out, head);
  append_bytes(out, value);
  out.resize(aligned(out.size()));
}

void append_number(std::vector<std::byte>& out, unsigned type, std::uint32_t number) {
  append_attribute(out, type, std::as_bytes(std::span(&number, 1)));
}

}  // namespace

bool parse_fib_datagram(std::span<const std::byte> datagram, const FibSink& sink) {
  return each_message(datagram, [&](const nlmsghdr& head, Bytes payload) {
    FibEvent event;
    const Outcome outcome = read_message(head, payload, event);
    if (outcome == Outcome::event) {
      sink(event);
    }
    return outcome != Outcome::fault;
  });
}

void append_delete_request(std::vector<std::byte>& batch, const Route& route,
                           std::uint32_t sequence, bool acknowledged) {
  const std::size_t start = batch.size();
  const bool ipv4 = route.prefix.family == 4;
  nlmsghdr head{};
  head.nlmsg_type = RTM_DELROUTE;
  head.nlmsg_flags = static_cast<unsigned short>(NLM_F_REQUEST | (acknowledged ? NLM_F_ACK : 0));
  head.nlmsg_seq = sequence;
  append(batch, head);
  rtmsg body{};
  body.rtm_family = ipv4 ? AF_INET : AF_INET6;
  body.rtm_dst_len = route.prefix.length;
  body.rtm_tos = route.tos;
  body.rtm_table = RT_TABLE_MAIN;
  body.rtm_protocol = route.protocol;
  body.rtm_scope = RT_SCOPE_NOWHERE;
  append(batch, body);
  append_attribute(batch, RTA_DST,
                   std::as_bytes(std::span(route.prefix.bytes)).first(ipv4 ? 4 : 16));
  append_number(batch, RTA_PRIORITY, route.metric);
  if (route.nexthop != 0) {
    append_number(batch, RTA_NH_ID, route.nexthop);
  }
  head.nlmsg_len = static_cast<std::uint32_t>(batch.size() - start);
  std::memcpy(batch.data() + start, &head, sizeof head);
}

std::vector<std::byte> dump_request(std::uint8_t family, std::uint32_t sequence) {
  std::vector<std::byte> request;
  nlmsghdr head{};
  head.nlmsg_type = RTM_GETROUTE;
  head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  head.nlmsg_seq = sequence;
  head.nlmsg_len = sizeof head + sizeof(rtmsg) + aligned(sizeof(rtattr) + 4);
  append(request, head);
  rtmsg body{};
  body.rtm_family = family == 6 ? AF_INET6 : AF_INET;
  append(request, body);
  append_number(request, RTA_TABLE, RT_TABLE_MAIN);
  return request;
}

}  // namespace issu::state_sync
