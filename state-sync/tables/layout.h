/* The NPU's tables as bytes: what lies in the shared-memory file, and in the BPF arrays.
 *
 * Read by C++ and by the BPF program: plain C, no includes. Everything is an array of multiples of
 * 8 bytes ("region"), entries name each other by index. Little-endian machines only. A change of
 * anything here is a new NPU_LAYOUT_VERSION.
 *
 * One writer, readers without locks: a word of at most 8 bytes is written as one, and what a word
 * names is complete before the word is there, and stays for a second after it is gone. */
#ifndef ISSU_STATE_SYNC_TABLES_LAYOUT_H
#define ISSU_STATE_SYNC_TABLES_LAYOUT_H

#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#endif

typedef __UINT8_TYPE__ npu_u8;
typedef __UINT16_TYPE__ npu_u16;
typedef __UINT32_TYPE__ npu_u32;
typedef __UINT64_TYPE__ npu_u64;

#define NPU_MAGIC 0x3154554e55535349ULL /* "ISSUNUT1" */
#define NPU_LAYOUT_VERSION 2u

enum npu_region {
  NPU_HEADER,     /* struct npu_header, one */
  NPU_TBL24,      /* IPv4 entries, one for each value of the first 24 bits */
  NPU_TBL8,       /* IPv4 groups of 256 entries, for the last 8 bits */
  NPU_ROOT6,      /* IPv6 entries, one for each value of the first 24 bits */
  NPU_NODES6,     /* IPv6 nodes of 256 entries, 8 bits each */
  NPU_NEXTHOPS,   /* struct npu_nexthop; 0 is never used */
  NPU_BUCKETS,    /* next-hop ids: what groups spread their flows over */
  NPU_NEIGHBOURS, /* struct npu_neighbour: open addressing, linear probing */
  NPU_PORTS,      /* struct npu_port */
  NPU_LOCALS,     /* struct npu_local: the first header.local_count are in use */
  NPU_COUNTERS,   /* 64-bit words: counters.h */
  NPU_ROUTES,     /* struct npu_route: the writer's own; open addressing, linear probing */
  NPU_FAST24,     /* one byte for each entry of TBL24, then NPU_CODES next-hop ids */
  NPU_REGIONS
};

/* An entry of TBL24, TBL8, ROOT6, NODES6. 0: no route.
 * Child: bit 31 set, bits 30..0 the group or node.
 * Leaf: bits 30..23 the length of the prefix that it comes from, bits 22..0 the next-hop id. */
#define NPU_CHILD 0x80000000u
#define NPU_ID_BITS 23
#define NPU_ID_MASK 0x007fffffu
#define NPU_ROOT_BITS 24
#define NPU_NODE_BITS 8
#define NPU_NODE_ENTRIES 256u
#define NPU_DEPTH6 13 /* nodes below the root that an IPv6 lookup may visit */

#define NPU_LEAF(length, id) ((((length) + 0u) << NPU_ID_BITS) | (id))
#define NPU_LEAF_ID(entry) ((entry)&NPU_ID_MASK)
#define NPU_LEAF_LENGTH(entry) (((entry) >> NPU_ID_BITS) & 0xffu)

/* A byte of FAST24 says what the entry of TBL24 says, in a quarter of the memory. 0: no route.
 * NPU_CODE_LOOK: look into TBL24, which is always right. Others: an index into the ids behind the
 * bytes. */
#define NPU_CODES 256u
#define NPU_CODE_LOOK 255u

/* How many of each. Powers of two: tbl8_groups, nodes6, neighbours, routes. */
struct npu_capacities {
  npu_u32 tbl8_groups;
  npu_u32 nodes6;
  npu_u32 nexthops;
  npu_u32 buckets;
  npu_u32 neighbours;
  npu_u32 ports;
  npu_u32 locals;
  npu_u32 counter_rows;
  npu_u32 routes; /* slots; at most 7/8 of them are used */
  npu_u32 reserved;
};

enum npu_option {
  NPU_OPTION_ICMP_ECHO = 1, /* answer pings of the router's addresses while dark */
};

struct npu_header {
  /* Written once, covered by the checksum (npu_checksum over all bytes before it). */
  npu_u64 magic;
  npu_u32 version;
  npu_u32 header_bytes;
  struct npu_capacities capacities;
  npu_u64 region_bytes[NPU_REGIONS];
  npu_u64 checksum;

  /* Written by the writer while others read; each word by itself. */
  npu_u64 writer_epoch; /* of the newest writer; older ones are fenced */
  npu_u64 writer_pid;
  npu_u64 changes;   /* grows with each change of the tables */
  npu_u32 punt_slot; /* 0 or 1: which interface of a port is punted to */
  npu_u32 dark;      /* 1: no route processor answers; the NPU speaks for it */
  npu_u32 options;   /* enum npu_option */
  npu_u32 local_count;
  npu_u32 default_id[2]; /* next hop of 0.0.0.0/0 and of ::/0; 0: none */

  /* Hold, refresh, sweep. */
  npu_u64 hold_epoch; /* of the last hold */
  npu_u32 holding;
  npu_u16 generation;       /* what is set now is marked with it */
  npu_u16 hold_generation;  /* routes born before it were held */
  npu_u16 fresh_generation; /* routes seen since it are confirmed */
  npu_u16 reserved16;
  npu_u32 incomplete; /* 1: routes were lost without a count (a repair) */
  npu_u64 held;
  npu_u64 added;
  npu_u64 deleted;
  npu_u64 swept;
  npu_u64 changed_at;    /* CLOCK_MONOTONIC, ns: a feed's last change */
  npu_u32 high_water[4]; /* ids below were once in use: TBL8, NODES6, NEXTHOPS, BUCKETS / 8 */
  npu_u64 reserved[27];
};

enum npu_nexthop_kind {
  NPU_NH_NONE = 0,
  NPU_NH_FORWARD,     /* to the gateway, on the port */
  NPU_NH_CONNECTED,   /* the destination is the neighbour, on the port */
  NPU_NH_BLACKHOLE,   /* dropped without a word */
  NPU_NH_UNREACHABLE, /* punted: the route processor answers with an ICMP error */
  NPU_NH_PUNT,        /* an address of the router */
  NPU_NH_GROUP,       /* one of the buckets, by the flow's hash */
};

struct npu_nexthop {
  npu_u8 kind;          /* enum npu_nexthop_kind */
  npu_u8 family;        /* of the gateway: 4 or 6 (an IPv4 route may have a gateway of IPv6) */
  npu_u8 resilient;     /* of a group: buckets stay where they are when members change */
  npu_u8 changeable;    /* of a group: made by create_group */
  npu_u32 port;         /* index into PORTS */
  npu_u8 gateway[16];   /* network byte order; IPv4: the first four bytes */
  npu_u32 first_bucket; /* of a group */
  npu_u32 bucket_count; /* of a group: a power of two */
};

/* `link` is one word, so that address and state are never of two times. */
#define NPU_LINK_MAC(link) ((link)&0xffffffffffffULL) /* first byte of the MAC lowest */
#define NPU_LINK_STATE(link) (((link) >> 48) & 0xffu)
enum npu_neighbour_state {
  NPU_NEIGHBOUR_FREE = 0,   /* slot never used: probing ends here */
  NPU_NEIGHBOUR_GONE,       /* slot of a deleted one: probing goes on */
  NPU_NEIGHBOUR_INCOMPLETE, /* asked for, no answer yet */
  NPU_NEIGHBOUR_REACHABLE,
  NPU_NEIGHBOUR_STALE,  /* not confirmed for a while; still used */
  NPU_NEIGHBOUR_FAILED, /* does not answer */
};

struct npu_neighbour {
  npu_u8 address[16]; /* IPv4: the first four bytes */
  npu_u32 port;
  npu_u32 family;    /* 4 or 6 */
  npu_u64 link;      /* MAC and state */
  npu_u64 confirmed; /* CLOCK_MONOTONIC, ns: last answer heard */
  npu_u64 used;      /* the same: last frame sent to it; written by the engines */
  npu_u64 reserved[2];
};

enum npu_port_flags {
  NPU_PORT_PRESENT = 1,
  NPU_PORT_UP = 2,
};

struct npu_port {
  npu_u32 flags; /* enum npu_port_flags */
  npu_u32 ifindex;
  npu_u32 mtu; /* bytes of the IP packet */
  npu_u32 reserved;
  npu_u32 punt_ifindex[2]; /* by slot */
  npu_u64 mac;             /* first byte lowest */
  char name[16];
};

struct npu_local {
  npu_u8 address[16];
  npu_u8 family;
  npu_u8 length; /* of the prefix that the address is in */
  npu_u16 reserved;
  npu_u32 port;
};

enum npu_route_state {
  NPU_ROUTE_USED = 1,
  NPU_ROUTE_DAEMON = 2, /* a routing daemon's: held and swept */
};

struct npu_route {
  npu_u8 address[16];
  npu_u8 length;
  npu_u8 family;   /* 4 or 6 */
  npu_u8 state;    /* enum npu_route_state; 0: free */
  npu_u8 protocol; /* RTPROT_* */
  npu_u32 metric;
  npu_u32 nexthop;
  npu_u16 born; /* generation in which it came */
  npu_u16 seen; /* generation in which it was last said */
};

/* FNV-1a over 8-byte words: finds a header of somebody else, no more is asked of it. */
static inline npu_u64 npu_checksum(const void* bytes, npu_u32 length) {
  const npu_u64* words = (const npu_u64*)bytes;
  npu_u64 sum = 0xcbf29ce484222325ULL;
  for (npu_u32 i = 0; i < length / 8; ++i) {
    sum = (sum ^ words[i]) * 0x100000001b3ULL;
    sum ^= sum >> 29;
  }
  return sum;
}

#ifdef __cplusplus
#pragma GCC diagnostic pop
#endif

#endif
