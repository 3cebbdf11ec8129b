#ifndef ISSU_BACKENDS_NPU_SOFT_ENGINE_ANSWER_H
#define ISSU_BACKENDS_NPU_SOFT_ENGINE_ANSWER_H

// What the NPU says for a route processor that is dark: that it is there. ARP (RFC 826), neighbour
// solicitations (RFC 4861 7.2.4) and, if the option is set, pings for the router's own addresses
// become their answers in place. C, for C++ and BPF; decide.h's accessors are needed.

#include "backends/npu/soft/engine/decide.h"

#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#endif

struct npu_arp {
  npu_u16 hardware;
  npu_u16 protocol;
  npu_u8 hardware_bytes;
  npu_u8 protocol_bytes;
  npu_u16 operation;
  struct npu_mac sender;
  struct npu_half_words sender_ip;  // at an odd pair of bytes: no 4-byte member may stand here
  struct npu_mac target;
  struct npu_half_words target_ip;
} NPU_WIRE;

struct npu_icmp {
  npu_u8 type;
  npu_u8 code;
  npu_u16 checksum;
} NPU_WIRE;

/// A neighbour solicitation or advertisement with its one option.
struct npu_discovery {
  npu_u8 type;
  npu_u8 code;
  npu_u16 checksum;
  npu_u32 flags;
  npu_u8 target[16];
  npu_u8 option; /* link-layer address: 1 of the source, 2 of the target */
  npu_u8 option_words;
  struct npu_mac mac;
} NPU_WIRE;

enum {
  NPU_SOLICITATION = 135,
  NPU_ADVERTISEMENT = 136,
  NPU_DISCOVERY = 24, /* bytes without the option */
};

/// Whether an address is the router's: a route of kind punt leads to it.
NPU_INLINE int npu_is_own(NPU_TABLES tables, npu_u32 id) {
  const struct npu_nexthop* nexthop = npu_nexthop_at(tables, id);
  return nexthop && nexthop->kind == NPU_NH_PUNT;
}

/// The link-local address that a port has by its MAC address (RFC 4291 appendix A), as two words.
NPU_INLINE void npu_link_local_words(npu_u64 mac, npu_u64* words) {
  words[0] = 0x80fe;
  words[1] = ((mac & 0xffffff) ^ 0x02) | 0xfeff000000ULL | ((mac >> 24) << 40);
}

NPU_INLINE int npu_answer_arp(NPU_TABLES tables, npu_u64 mac, npu_u8* frame, const npu_u8* end) {
  struct npu_arp* arp = (struct npu_arp*)(frame + NPU_ETHERNET);
  if (frame + NPU_ETHERNET + sizeof *arp > end || arp->hardware != npu_be16(1) ||
      arp->protocol != npu_be16(NPU_TYPE_IP4) || arp->hardware_bytes != 6 ||
      arp->protocol_bytes != 4 || arp->operation != npu_be16(1)) {
    return 0;
  }
  const npu_u32 asked =
      ((npu_u32)npu_be16(arp->target_ip.half[0]) << 16) | (npu_u32)npu_be16(arp->target_ip.half[1]);
  if (!npu_is_own(tables, npu_lookup4(tables, asked))) {
    return 0;
  }
  const struct npu_half_words own = arp->target_ip;
  const npu_u64 asker = npu_mac_of(&arp->sender);
  arp->operation = npu_be16(2);
  npu_write_mac(&arp->target, asker);
  arp->target_ip = arp->sender_ip;
  npu_write_mac(&arp->sender, mac);
  arp->sender_ip = own;
  npu_readdress(frame, asker, mac);
  return 1;
}

NPU_INLINE void npu_swap_ip6(struct npu_ip6* ip) {
  struct npu_words* source = (struct npu_words*)ip->source;
  struct npu_words* destination = (struct npu_words*)ip->destination;
  const struct npu_words kept = *source;
  *source = *destination;
  *destination = kept;
}

/// Sum for the checksum of an ICMPv6 message of `words` words (RFC 4443 2.3).
NPU_INLINE npu_u64 npu_icmp6_sum(const struct npu_ip6* ip, const npu_u8* message, int with_option) {
  npu_u64 sum = (npu_u64)npu_be16(NPU_PROTOCOL_ICMP6) + ip->payload;
  npu_u64 words[4];
  npu_address_words(ip->source, &words[0]);
  npu_address_words(ip->destination, &words[2]);
  for (int i = 0; i < 4; ++i) {
    sum += (words[i] & 0xffffffff) + (words[i] >> 32);
  }
  const struct npu_words* at = (const struct npu_words*)message;
  sum += (npu_u64)at[0].word[0] + at[0].word[1] + at[0].word[2] + at[0].word[3];
  sum += (npu_u64)at[1].word[0] + at[1].word[1];
  if (with_option) {
    sum += (npu_u64)at[1].word[2] + at[1].word[3];
  }
  return sum;
}

NPU_INLINE int npu_answer_discovery(NPU_TABLES tables, npu_u64 mac, npu_u8* frame,
                                    const npu_u8* end) {
  struct npu_ethernet* ethernet = (struct npu_ethernet*)frame;
  struct npu_ip6* ip = (struct npu_ip6*)(frame + NPU_ETHERNET);
  struct npu_discovery* message = (struct npu_discovery*)(ip + 1);
  if ((npu_u8*)message + NPU_DISCOVERY > end || ip->next != NPU_PROTOCOL_ICMP6 ||
      ip->hop_limit != 255 || message->type != NPU_SOLICITATION || message->code != 0 ||
      npu_ip6_nowhere(ip->source)) {
    return 0;
  }
  const npu_u32 payload = npu_be16(ip->payload);
  const int with_option = payload == sizeof *message;
  if (!with_option && payload != NPU_DISCOVERY) {
    return 0;
  }
  if (with_option && ((npu_u8*)(message + 1) > end || message->option != 1)) {
    return 0;
  }
  npu_u64 target[2];
  npu_u64 link_local[2];
  npu_address_words(message->target, target);
  npu_link_local_words(mac, link_local);
  if ((target[0] != link_local[0] || target[1] != link_local[1]) &&
      !npu_is_own(tables, npu_lookup6(tables, message->target))) {
    return 0;
  }
  npu_swap_ip6(ip);
  *(struct npu_words*)ip->source = *(struct npu_words*)message->target;
  message->type = NPU_ADVERTISEMENT;
  message->flags = npu_be32(0xe0000000);  // router, solicited, override
  message->checksum = 0;
  if (with_option) {
    message->option = 2;
    npu_write_mac(&message->mac, mac);
  }
  message->checksum = (npu_u16)~npu_fold(npu_icmp6_sum(ip, (npu_u8*)message, with_option));
  npu_readdress(frame, npu_mac_of(&ethernet->source), mac);
  return 1;
}

/// A checksum after a 16-bit word that it covers has changed (RFC 1624, equation 3).
NPU_INLINE npu_u16 npu_adjust(npu_u16 checksum, npu_u16 from, npu_u16 to) {
  return (npu_u16)~npu_fold((npu_u64)(npu_u16)~checksum + (npu_u16)~from + to);
}

NPU_INLINE int npu_answer_echo4(NPU_TABLES tables, npu_u64 mac, npu_u8* frame, const npu_u8* end) {
  struct npu_ethernet* ethernet = (struct npu_ethernet*)frame;
  struct npu_ip4* ip = (struct npu_ip4*)(frame + NPU_ETHERNET);
  struct npu_icmp* icmp = (struct npu_icmp*)(ip + 1);
  if ((npu_u8*)icmp + 8 > end || ip->version_words != 0x45 || ip->protocol != NPU_PROTOCOL_ICMP ||
      (npu_be16(ip->fragment) & 0x3fff) != 0 || icmp->type != 8 || icmp->code != 0 ||
      !npu_is_own(tables, npu_lookup4(tables, npu_be32(ip->destination)))) {
    return 0;
  }
  const npu_u32 source = ip->source;
  ip->source = ip->destination;
  ip->destination = source;
  ip->checksum = npu_adjust(ip->checksum, ip->ttl, 64);
  ip->ttl = 64;
  icmp->type = 0;
  icmp->checksum = npu_adjust(icmp->checksum, 8, 0);
  npu_readdress(frame, npu_mac_of(&ethernet->source), mac);
  return 1;
}

NPU_INLINE int npu_answer_echo6(NPU_TABLES tables, npu_u64 mac, npu_u8* frame, const npu_u8* end) {
  struct npu_ethernet* ethernet = (struct npu_ethernet*)frame;
  struct npu_ip6* ip = (struct npu_ip6*)(frame + NPU_ETHERNET);
  struct npu_icmp* icmp = (struct npu_icmp*)(ip + 1);
  if ((npu_u8*)icmp + 8 > end || ip->next != NPU_PROTOCOL_ICMP6 || icmp->type != 128 ||
      icmp->code != 0 || !npu_is_own(tables, npu_lookup6(tables, ip->destination))) {
    return 0;
  }
  npu_swap_ip6(ip);
  ip->hop_limit = 64;
  icmp->type = 129;
  icmp->checksum = npu_adjust(icmp->checksum, 128, 129);
  npu_readdress(frame, npu_mac_of(&ethernet->source), mac);
  return 1;
}

/// Turns a frame that would be punted into its answer, to be sent back on its port. 0: nothing is
/// to be said, the frame is as it was. `options`: enum npu_option.
NPU_INLINE int npu_answer(NPU_TABLES tables, npu_u32 options, npu_u64 mac, npu_u8* frame,
                          const npu_u8* end) {
  if (frame + NPU_ETHERNET > end) {
    return 0;
  }
  const npu_u16 type = npu_be16(((struct npu_ethernet*)frame)->type);
  if (type == NPU_TYPE_ARP) {
    return npu_answer_arp(tables, mac, frame, end);
  }
  if (type == NPU_TYPE_IP6 && npu_answer_discovery(tables, mac, frame, end)) {
    return 1;
  }
  if ((options & NPU_OPTION_ICMP_ECHO) == 0 || (frame[0] & 1) != 0) {
    return 0;
  }
  if (type == NPU_TYPE_IP4) {
    return npu_answer_echo4(tables, mac, frame, end);
  }
  return type == NPU_TYPE_IP6 ? npu_answer_echo6(tables, mac, frame, end) : 0;
}

#ifdef __cplusplus
#pragma GCC diagnostic pop
#endif

#endif
