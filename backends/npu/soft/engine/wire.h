#ifndef ISSU_BACKENDS_NPU_SOFT_ENGINE_WIRE_H
#define ISSU_BACKENDS_NPU_SOFT_ENGINE_WIRE_H

// Frames as they are on the wire, and what a forwarder asks about one: what is it, is it sound,
// and how is it rewritten. C, the same text in C++ and in the BPF program: no calls, no memory
// but the frame, every access behind a comparison with its end (the BPF verifier asks for that).

#include "state-sync/tables/layout.h"

#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#endif

#ifndef NPU_INLINE
#define NPU_INLINE static inline __attribute__((always_inline))
#endif
// A header lies at any address. The BPF compiler would read packed members byte by byte, and the
// machines that run BPF read unaligned words.
#ifdef __bpf__
#define NPU_WIRE
#else
#define NPU_WIRE __attribute__((packed, may_alias))
#endif

// Little-endian machines only, as the layout.
NPU_INLINE npu_u16 npu_be16(npu_u32 value) {
  return __builtin_bswap16((npu_u16)value);
}
NPU_INLINE npu_u32 npu_be32(npu_u32 value) {
  return __builtin_bswap32(value);
}

enum {
  NPU_ETHERNET = 14,  ///< bytes of the header
  NPU_IP4_HEADER = 20,
  NPU_IP6_HEADER = 40,
  NPU_TYPE_IP4 = 0x0800,
  NPU_TYPE_ARP = 0x0806,
  NPU_TYPE_IP6 = 0x86dd,
  NPU_TYPE_LLDP = 0x88cc,
  NPU_TYPE_LLC = 0x0600,  ///< below: a length (802.3), so LLC: IS-IS, spanning tree
  NPU_PROTOCOL_ICMP = 1,
  NPU_PROTOCOL_ICMP6 = 58,
};

struct npu_mac {
  npu_u16 part[3];
} NPU_WIRE;

struct npu_ethernet {
  struct npu_mac destination;
  struct npu_mac source;
  npu_u16 type;
} NPU_WIRE;

struct npu_ip4 {
  npu_u8 version_words;  ///< 4 in the upper half, length of the header in words in the lower
  npu_u8 tos;
  npu_u16 length;
  npu_u16 id;
  npu_u16 fragment;
  npu_u8 ttl;
  npu_u8 protocol;
  npu_u16 checksum;
  npu_u32 source;
  npu_u32 destination;
} NPU_WIRE;

struct npu_ip6 {
  npu_u32 version_class_flow;
  npu_u16 payload;
  npu_u8 next;
  npu_u8 hop_limit;
  npu_u8 source[16];
  npu_u8 destination[16];
} NPU_WIRE;

struct npu_words {
  npu_u32 word[4];
} NPU_WIRE;

struct npu_half_words {
  npu_u16 half[2];
} NPU_WIRE;

/// What a frame is for the port that it came in at, before any table was asked.
enum npu_kind {
  NPU_KIND_IP4,        ///< a sound IPv4 packet with a unicast destination: ask the tables
  NPU_KIND_IP6,        ///< the same for IPv6
  NPU_KIND_ARP,        ///< for the route processor, and a neighbour may be learned from it
  NPU_KIND_LINK,       ///< for the route processor: of this link only (multicast, LLC, LLDP)
  NPU_KIND_OPTIONS,    ///< for the route processor: IPv4 with options
  NPU_KIND_FOREIGN,    ///< dropped: unicast to somebody else's MAC address
  NPU_KIND_MULTICAST,  ///< dropped: beyond the link; there is no multicast routing here
  NPU_KIND_MALFORMED,  ///< dropped: cut short, wrong version, length or checksum
  NPU_KIND_MARTIAN,    ///< dropped: addresses that are never on a wire (RFC 1812 5.3.7, RFC 4291)
  NPU_KIND_UNKNOWN,    ///< dropped: an ethertype that nobody here speaks (tags, MPLS, …)
};

/// One's complement sum folded to 16 bits.
NPU_INLINE npu_u16 npu_fold(npu_u64 sum) {
  sum = (sum & 0xffffffffU) + (sum >> 32);
  sum = (sum & 0xffffU) + (sum >> 16);
  sum = (sum & 0xffffU) + (sum >> 16);
  sum = (sum & 0xffffU) + (sum >> 16);
  return (npu_u16)sum;
}

/// Whether the checksum of a header without options is right (RFC 1071).
NPU_INLINE int npu_ip4_checksum_good(const struct npu_ip4* ip) {
  // 16-bit words in memory order; byte order cancels out in the sum.
  const npu_u64 first = (npu_u64)ip->version_words | ((npu_u64)ip->tos << 8);
  const npu_u64 ttl = (npu_u64)ip->ttl | ((npu_u64)ip->protocol << 8);
  return npu_fold(first + ip->length + ip->id + ip->fragment + ttl + ip->checksum +
                  (npu_u64)ip->source + (npu_u64)ip->destination) == 0xffffU;
}

/// Takes one from the time to live and corrects the checksum (RFC 1141, 1624): the upper byte of
/// its word falls by one, so the complement of the sum grows by 0x0100, with the carry end around.
NPU_INLINE void npu_ip4_decrement(struct npu_ip4* ip) {
  const npu_u32 sum = (npu_u32)ip->checksum + npu_be16(0x0100);
  ip->checksum = (npu_u16)(sum + (sum >= 0xffffU ? 1U : 0U));
  ip->ttl = (npu_u8)(ip->ttl - 1);
}

// A MAC address in a register, as the tables have it: first byte lowest.
NPU_INLINE npu_u64 npu_mac_of(const struct npu_mac* mac) {
  return (npu_u64)mac->part[0] | ((npu_u64)mac->part[1] << 16) | ((npu_u64)mac->part[2] << 32);
}

NPU_INLINE void npu_write_mac(struct npu_mac* to, npu_u64 mac) {
  to->part[0] = (npu_u16)mac;
  to->part[1] = (npu_u16)(mac >> 16);
  to->part[2] = (npu_u16)(mac >> 32);
}

/// An address as two words, as the lookups of neighbours and flows take it.
NPU_INLINE void npu_address_words(const npu_u8* address, npu_u64* words) {
  const struct npu_words* at = (const struct npu_words*)address;
  words[0] = (npu_u64)at->word[0] | ((npu_u64)at->word[1] << 32);
  words[1] = (npu_u64)at->word[2] | ((npu_u64)at->word[3] << 32);
}

/// fe80::/10
NPU_INLINE int npu_ip6_link_local(const npu_u8* address) {
  return address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

/// :: and ::1
NPU_INLINE int npu_ip6_nowhere(const npu_u8* address) {
  const struct npu_words* words = (const struct npu_words*)(address);
  return (words->word[0] | words->word[1] | words->word[2]) == 0 && npu_be32(words->word[3]) <= 1;
}

NPU_INLINE enum npu_kind npu_classify_ip4(const npu_u8* frame, const npu_u8* end, npu_u32 length) {
  if (frame + NPU_ETHERNET + NPU_IP4_HEADER > end) {
    return NPU_KIND_MALFORMED;
  }
  const struct npu_ip4* ip = (const struct npu_ip4*)(frame + NPU_ETHERNET);
  const npu_u32 destination = npu_be32(ip->destination);
  const npu_u32 source = npu_be32(ip->source);
  if ((destination >> 28) == 0xe || destination == 0xffffffffU) {
    // 224.0.0.0/24 never leaves its link (RFC 5771), whoever else listens to it.
    return (destination >> 8) == 0xe00000 || destination == 0xffffffffU ? NPU_KIND_LINK
                                                                        : NPU_KIND_MULTICAST;
  }
  if ((ip->version_words >> 4) != 4 || (ip->version_words & 15) < 5 ||
      npu_be16(ip->length) < (ip->version_words & 15) * 4 ||
      (npu_u32)npu_be16(ip->length) + NPU_ETHERNET > length) {
    return NPU_KIND_MALFORMED;
  }
  if ((frame[0] & 1) != 0 || (destination >> 24) == 127 || (destination >> 24) == 0 ||
      (source >> 28) == 0xe || (source >> 24) == 127 || source == 0xffffffffU) {
    return NPU_KIND_MARTIAN;
  }
  if (ip->version_words != 0x45) {
    return NPU_KIND_OPTIONS;
  }
  return npu_ip4_checksum_good(ip) ? NPU_KIND_IP4 : NPU_KIND_MALFORMED;
}

NPU_INLINE enum npu_kind npu_classify_ip6(const npu_u8* frame, const npu_u8* end, npu_u32 length) {
  if (frame + NPU_ETHERNET + NPU_IP6_HEADER > end) {
    return NPU_KIND_MALFORMED;
  }
  const struct npu_ip6* ip = (const struct npu_ip6*)(frame + NPU_ETHERNET);
  if ((npu_be32(ip->version_class_flow) >> 28) != 6 ||
      (npu_u32)npu_be16(ip->payload) + NPU_ETHERNET + NPU_IP6_HEADER > length) {
    return NPU_KIND_MALFORMED;
  }
  if (ip->source[0] == 0xff || npu_ip6_nowhere(ip->destination)) {
    return NPU_KIND_MARTIAN;
  }
  if (ip->destination[0] == 0xff) {
    return (ip->destination[1] & 0xf) == 2 ? NPU_KIND_LINK : NPU_KIND_MULTICAST;
  }
  if ((frame[0] & 1) != 0) {
    return NPU_KIND_MARTIAN;
  }
  return npu_ip6_link_local(ip->destination) ? NPU_KIND_LINK : NPU_KIND_IP6;
}

/// What a frame of `length` bytes is, at a port with this MAC address. [frame, end) is what can be
/// read of it.
NPU_INLINE enum npu_kind npu_classify(const npu_u8* frame, const npu_u8* end, npu_u32 length,
                                      npu_u64 port_mac) {
  if (frame + NPU_ETHERNET > end) {
    return NPU_KIND_MALFORMED;
  }
  const struct npu_ethernet* ethernet = (const struct npu_ethernet*)(frame);
  if ((frame[0] & 1) == 0 && npu_mac_of(&ethernet->destination) != port_mac) {
    return NPU_KIND_FOREIGN;
  }
  const npu_u16 type = npu_be16(ethernet->type);
  if (type == NPU_TYPE_IP4) {
    return npu_classify_ip4(frame, end, length);
  }
  if (type == NPU_TYPE_IP6) {
    return npu_classify_ip6(frame, end, length);
  }
  if (type == NPU_TYPE_ARP) {
    return NPU_KIND_ARP;
  }
  return type < NPU_TYPE_LLC || type == NPU_TYPE_LLDP ? NPU_KIND_LINK : NPU_KIND_UNKNOWN;
}

/// New ethernet addresses for the frame's next link.
NPU_INLINE void npu_readdress(npu_u8* frame, npu_u64 destination, npu_u64 source) {
  struct npu_ethernet* ethernet = (struct npu_ethernet*)frame;
  npu_write_mac(&ethernet->destination, destination);
  npu_write_mac(&ethernet->source, source);
}

#ifdef __cplusplus
#pragma GCC diagnostic pop
#endif

#endif
