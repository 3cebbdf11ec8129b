#ifndef ISSU_BACKENDS_NPU_SOFT_ENGINE_DECIDE_H
#define ISSU_BACKENDS_NPU_SOFT_ENGINE_DECIDE_H

// What becomes of a frame: the one data plane of every engine. C, for C++ and BPF. It reads the
// tables and the frame and changes neither; who includes it has included lookup.h and defined
//   const struct npu_nexthop* npu_nexthop_at(NPU_TABLES, npu_u32 id)   null: no such id
//   const struct npu_port* npu_port_at(NPU_TABLES, npu_u32 index)      null: no such port

#include "backends/npu/soft/engine/police.h"
#include "backends/npu/soft/engine/wire.h"
#include "state-sync/tables/counters.h"
#include "state-sync/tables/lookup.h"

#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#endif

enum npu_action {
  NPU_DROP,     ///< and count it as `counter`
  NPU_FORWARD,  ///< rewrite and send on `port`
  NPU_PUNT,     ///< give it to the route processor, unchanged, if the policer of `counter` lets it
};

struct npu_verdict {
  npu_u32 action;   ///< enum npu_action
  npu_u32 counter;  ///< of a drop: enum npu_port_counter; of a punt: enum npu_class
  npu_u32 port;     ///< index of the port that it leaves by
  npu_u32 nexthop;  ///< id that it took; 0: none
  npu_u32 version;  ///< 4 or 6; 0: neither
  npu_u32 asks;     ///< 1: dropped because this next hop's neighbour has to be resolved
  npu_u32 lost;     ///< of a punt for an ICMP error: enum npu_port_counter, counted even when the
                    ///< policer does not let it through; 0: none
  npu_u64 mac;      ///< where it is sent
  npu_u64 from;     ///< the MAC address of `port`
  NPU_NEIGHBOUR* neighbour;
};

NPU_INLINE void npu_drop(struct npu_verdict* verdict, npu_u32 counter) {
  verdict->action = NPU_DROP;
  verdict->counter = counter;
}

NPU_INLINE void npu_punt(struct npu_verdict* verdict, npu_u32 police_class) {
  verdict->action = NPU_PUNT;
  verdict->counter = police_class;
}

/// No route: the route processor answers with destination unreachable (RFC 1812 5.2.7.1, RFC 4443
/// 3.1), unless nobody could hear it behind this link.
NPU_INLINE void npu_unroutable(struct npu_verdict* verdict, int answerable) {
  if (!answerable) {
    npu_drop(verdict, NPU_DROP_NO_ROUTE);
    return;
  }
  verdict->lost = NPU_DROP_NO_ROUTE;
  npu_punt(verdict, NPU_CLASS_EXCEPTION);
}

/// TCP, UDP, DCCP, SCTP, UDP-Lite: ports are the first four bytes.
NPU_INLINE int npu_has_ports(npu_u32 protocol) {
  return protocol == 6 || protocol == 17 || protocol == 33 || protocol == 132 || protocol == 136;
}

/// The two ports as one word, 0 when they can't be read.
NPU_INLINE npu_u32 npu_ports_at(const npu_u8* transport, const npu_u8* end) {
  const struct npu_half_words* ports = (const struct npu_half_words*)transport;
  return transport + 4 > end ? 0 : ((npu_u32)ports->half[0] << 16) | ports->half[1];
}

NPU_INLINE npu_u32 npu_hash4(const npu_u8* frame, const npu_u8* end) {
  const struct npu_ip4* ip = (const struct npu_ip4*)(frame + NPU_ETHERNET);
  struct npu_flow flow = {{ip->source, 0}, {ip->destination, 0}, 0, ip->protocol};
  // A fragment has the ports in its first piece only: all pieces go without, and so one way.
  if ((npu_be16(ip->fragment) & 0x3fff) == 0 && npu_has_ports(ip->protocol)) {
    flow.ports = npu_ports_at(frame + NPU_ETHERNET + NPU_IP4_HEADER, end);
  }
  return npu_flow_hash(&flow);
}

NPU_INLINE npu_u32 npu_hash6(const npu_u8* frame, const npu_u8* end) {
  const struct npu_ip6* ip = (const struct npu_ip6*)(frame + NPU_ETHERNET);
  struct npu_flow flow;
  npu_address_words(ip->source, flow.source);
  npu_address_words(ip->destination, flow.destination);
  flow.protocol = ip->next;
  flow.ports = npu_be32(ip->version_class_flow) & 0xfffff;
  if (npu_has_ports(ip->next)) {
    flow.ports = npu_ports_at(frame + NPU_ETHERNET + NPU_IP6_HEADER, end);
  }
  return npu_flow_hash(&flow);
}

/// Router and neighbour solicitations and advertisements, redirects.
NPU_INLINE int npu_is_discovery(const npu_u8* frame, const npu_u8* end) {
  if (frame + NPU_ETHERNET + NPU_IP6_HEADER + 1 > end) {
    return 0;
  }
  const struct npu_ethernet* ethernet = (const struct npu_ethernet*)frame;
  const struct npu_ip6* ip = (const struct npu_ip6*)(frame + NPU_ETHERNET);
  const npu_u8 type = frame[NPU_ETHERNET + NPU_IP6_HEADER];
  return npu_be16(ethernet->type) == NPU_TYPE_IP6 && ip->next == NPU_PROTOCOL_ICMP6 &&
         type >= 133 && type <= 137;
}

/// MAC address and state of a neighbour, read as one; 0: of none.
NPU_INLINE npu_u64 npu_link_of(const NPU_NEIGHBOUR* neighbour) {
  return neighbour ? NPU_LOAD64(&neighbour->link) : 0;
}

NPU_INLINE npu_u32 npu_link_state(npu_u64 link) {
  return NPU_LINK_STATE(link);
}

/// The neighbour behind a next hop and the port to it. `destination`: of the packet, as two words.
NPU_INLINE void npu_decide_link(NPU_TABLES tables, const struct npu_nexthop* nexthop,
                                const npu_u64* destination, npu_u32 bytes,
                                struct npu_verdict* verdict) {
  npu_u64 words[2] = {destination[0], destination[1]};
  npu_u32 family = verdict->version;
  if (nexthop->kind == NPU_NH_FORWARD) {
    npu_address_words(nexthop->gateway, words);
    family = nexthop->family;
  }
  verdict->port = nexthop->port;
  const struct npu_port* port = npu_port_at(tables, nexthop->port);
  if (!port ||
      (port->flags & (NPU_PORT_PRESENT | NPU_PORT_UP)) != (NPU_PORT_PRESENT | NPU_PORT_UP)) {
    npu_drop(verdict, NPU_DROP_PORT_DOWN);
    return;
  }
  if (bytes > port->mtu) {
    npu_punt(verdict, NPU_CLASS_EXCEPTION);
    return;
  }
  verdict->from = port->mac;
  NPU_NEIGHBOUR* neighbour = npu_neighbour_find(tables, nexthop->port, family, words);
  const npu_u64 link = npu_link_of(neighbour);
  if (NPU_LINK_STATE(link) != NPU_NEIGHBOUR_REACHABLE &&
      NPU_LINK_STATE(link) != NPU_NEIGHBOUR_STALE) {
    verdict->asks = 1;
    npu_drop(verdict, NPU_DROP_NO_NEIGHBOUR);
    return;
  }
  verdict->action = NPU_FORWARD;
  verdict->mac = NPU_LINK_MAC(link);
  verdict->neighbour = neighbour;
}

/// What the tables say about a sound packet.
NPU_INLINE void npu_decide_route(NPU_TABLES tables, const npu_u8* frame, const npu_u8* end,
                                 struct npu_verdict* verdict) {
  const struct npu_ip4* ip4 = (const struct npu_ip4*)(frame + NPU_ETHERNET);
  const struct npu_ip6* ip6 = (const struct npu_ip6*)(frame + NPU_ETHERNET);
  npu_u64 destination[2] = {0, 0};
  npu_u32 bytes = 0;
  npu_u32 ttl = 0;
  npu_u32 id = 0;
  // Each family looks at its own length first: the verifier follows.
  if (verdict->version == 4) {
    if (frame + NPU_ETHERNET + NPU_IP4_HEADER > end) {
      return;
    }
    destination[0] = ip4->destination;
    bytes = npu_be16(ip4->length);
    ttl = ip4->ttl;
    id = npu_lookup4(tables, npu_be32(ip4->destination));
  } else {
    if (frame + NPU_ETHERNET + NPU_IP6_HEADER > end) {
      return;
    }
    npu_address_words(ip6->destination, destination);
    bytes = npu_be16(ip6->payload) + (npu_u32)NPU_IP6_HEADER;
    ttl = ip6->hop_limit;
    id = npu_lookup6(tables, ip6->destination);
  }
  const struct npu_nexthop* nexthop = npu_nexthop_at(tables, id);
  if (nexthop && nexthop->kind == NPU_NH_GROUP) {
    const npu_u32 hash = verdict->version == 4 ? npu_hash4(frame, end) : npu_hash6(frame, end);
    id = npu_group_choose(tables, nexthop, hash);
    nexthop = npu_nexthop_at(tables, id);
  }
  // What came from a link-local address, or from none, is for this link (RFC 4291 2.5.2, 2.5.6).
  const int of_this_link =
      verdict->version == 6 && (npu_ip6_link_local(ip6->source) || npu_ip6_nowhere(ip6->source));
  if (!nexthop) {
    npu_unroutable(verdict, !of_this_link);
    return;
  }
  verdict->nexthop = id;
  if (nexthop->kind == NPU_NH_PUNT) {
    npu_punt(verdict, NPU_CLASS_CONTROL);
    return;
  }
  if (of_this_link) {
    npu_drop(verdict, NPU_DROP_MALFORMED);
    return;
  }
  if (nexthop->kind == NPU_NH_BLACKHOLE) {
    npu_drop(verdict, NPU_DROP_BLACKHOLE);
    return;
  }
  if (ttl <= 1 || nexthop->kind == NPU_NH_UNREACHABLE) {
    npu_punt(verdict, NPU_CLASS_EXCEPTION);
    return;
  }
  if (nexthop->kind != NPU_NH_FORWARD && nexthop->kind != NPU_NH_CONNECTED) {
    npu_drop(verdict, NPU_DROP_NO_ROUTE);
    return;
  }
  npu_decide_link(tables, nexthop, destination, bytes, verdict);
}

/// What becomes of a frame of `length` bytes that came in at `port`. [frame, end) is what can be
/// read of it: its headers, 58 bytes if it has that many.
NPU_INLINE void npu_decide(NPU_TABLES tables, const struct npu_port* port, const npu_u8* frame,
                           const npu_u8* end, npu_u32 length, struct npu_verdict* verdict) {
  verdict->port = 0;
  verdict->nexthop = 0;
  verdict->version = 0;
  verdict->asks = 0;
  verdict->lost = 0;
  verdict->mac = 0;
  verdict->from = 0;
  verdict->neighbour = 0;
  npu_drop(verdict, NPU_DROP_MALFORMED);
  switch (npu_classify(frame, end, length, port->mac)) {
    case NPU_KIND_IP4:
      verdict->version = 4;
      npu_decide_route(tables, frame, end, verdict);
      return;
    case NPU_KIND_IP6:
      verdict->version = 6;
      npu_decide_route(tables, frame, end, verdict);
      return;
    case NPU_KIND_ARP:
      npu_punt(verdict, NPU_CLASS_NEIGHBOUR);
      return;
    case NPU_KIND_LINK:
      npu_punt(verdict, npu_is_discovery(frame, end) ? NPU_CLASS_NEIGHBOUR : NPU_CLASS_CONTROL);
      return;
    case NPU_KIND_OPTIONS:
      npu_punt(verdict, NPU_CLASS_EXCEPTION);
      return;
    case NPU_KIND_MALFORMED:
    case NPU_KIND_MARTIAN:
      return;
    case NPU_KIND_FOREIGN:
    case NPU_KIND_MULTICAST:
    case NPU_KIND_UNKNOWN:
      npu_drop(verdict, NPU_DROP_OTHER);
      return;
  }
}

/// Makes the frame what is sent: new ethernet addresses, one hop less. False: its headers are not
/// within [frame, end).
NPU_INLINE int npu_rewrite(npu_u8* frame, const npu_u8* end, const struct npu_verdict* verdict) {
  if (frame + NPU_ETHERNET + NPU_IP4_HEADER > end) {
    return 0;
  }
  if (verdict->version == 4) {
    npu_ip4_decrement((struct npu_ip4*)(frame + NPU_ETHERNET));
  } else {
    struct npu_ip6* ip = (struct npu_ip6*)(frame + NPU_ETHERNET);
    ip->hop_limit = (npu_u8)(ip->hop_limit - 1);
  }
  npu_readdress(frame, verdict->mac, verdict->from);
  return 1;
}

#ifdef __cplusplus
#pragma GCC diagnostic pop
#endif

#endif
