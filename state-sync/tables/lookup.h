/* The lookups of every engine: the same text for plain pointers (memory.h) and for BPF maps.
 *
 * Who includes it has defined before:
 *   NPU_TABLES                                   type of the handle that is passed on
 *   npu_u32 npu_tbl24(NPU_TABLES, npu_u32 i)     entry i of the region, one load each;
 *   npu_u32 npu_tbl8(NPU_TABLES, npu_u32 i)      an index that is out of range gives 0
 *   npu_u32 npu_root6(NPU_TABLES, npu_u32 i)
 *   npu_u32 npu_nodes6(NPU_TABLES, npu_u32 i)
 *   npu_u32 npu_bucket(NPU_TABLES, npu_u32 i)
 *   npu_u32 npu_default(NPU_TABLES, npu_u32 i)   header.default_id[i]
 *   npu_u32 npu_neighbour_slots(NPU_TABLES)      capacity, a power of two
 *   NPU_NEIGHBOUR *npu_neighbour_at(NPU_TABLES, npu_u32 i)   slot i, or a null pointer
 * and may define NPU_NEIGHBOUR (const struct npu_neighbour), NPU_LOAD64(p) (one load of a word). */
#ifndef ISSU_STATE_SYNC_TABLES_LOOKUP_H
#define ISSU_STATE_SYNC_TABLES_LOOKUP_H

#include "state-sync/tables/layout.h"

#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#endif

#ifndef NPU_NEIGHBOUR
#define NPU_NEIGHBOUR const struct npu_neighbour
#endif
#ifndef NPU_LOAD64
#define NPU_LOAD64(pointer) (*(const volatile npu_u64*)(pointer))
#endif
#ifndef NPU_INLINE
#define NPU_INLINE static inline __attribute__((always_inline))
#endif

/* Slots that a neighbour may be away from its own one. */
#define NPU_NEIGHBOUR_PROBES 16

/* Next-hop id of an IPv4 destination (host byte order); 0: no route. */
NPU_INLINE npu_u32 npu_lookup4(NPU_TABLES tables, npu_u32 destination) {
  npu_u32 entry = npu_tbl24(tables, destination >> 8);
  if (entry & NPU_CHILD) {
    entry = npu_tbl8(tables, ((entry & ~NPU_CHILD) << NPU_NODE_BITS) | (destination & 0xff));
  }
  entry = NPU_LEAF_ID(entry);
  return entry != 0 ? entry : NPU_LEAF_ID(npu_default(tables, 0));
}

/* Next-hop id of an IPv6 destination (16 bytes, network byte order); 0: no route. */
NPU_INLINE npu_u32 npu_lookup6(NPU_TABLES tables, const npu_u8* destination) {
  const npu_u32 first =
      ((npu_u32)destination[0] << 16) | ((npu_u32)destination[1] << 8) | destination[2];
  npu_u32 entry = npu_root6(tables, first);
  for (int depth = 0; depth < NPU_DEPTH6 && (entry & NPU_CHILD); ++depth) {
    entry = npu_nodes6(tables, ((entry & ~NPU_CHILD) << NPU_NODE_BITS) | destination[3 + depth]);
  }
  entry = entry & NPU_CHILD ? 0 : NPU_LEAF_ID(entry);
  return entry != 0 ? entry : NPU_LEAF_ID(npu_default(tables, 1));
}

/* Mixes a word into a hash (the finish of murmur3, 64 bits). */
NPU_INLINE npu_u64 npu_mix(npu_u64 hash, npu_u64 word) {
  hash = (hash ^ word) * 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53ULL;
  return hash ^ (hash >> 29);
}

/* What tells flows apart. Addresses as they lie in the packet, as words: IPv4 in word 0 only.
 * Ports as they lie in the packet; 0 where there are none (fragments, other protocols). For IPv6
 * the flow label may stand in `ports` when there are none. */
struct npu_flow {
  npu_u64 source[2];
  npu_u64 destination[2];
  npu_u32 ports;
  npu_u32 protocol;
};

NPU_INLINE npu_u32 npu_flow_hash(const struct npu_flow* flow) {
  npu_u64 hash = npu_mix(0x9e3779b97f4a7c15ULL, flow->source[0]);
  hash = npu_mix(hash, flow->destination[0]);
  if (flow->source[1] | flow->destination[1]) {
    hash = npu_mix(hash, flow->source[1]);
    hash = npu_mix(hash, flow->destination[1]);
  }
  hash = npu_mix(hash, ((npu_u64)flow->protocol << 32) | flow->ports);
  return (npu_u32)(hash >> 32);
}

/* The member of a group that a flow takes: a next-hop id (never a group's), 0: none. */
NPU_INLINE npu_u32 npu_group_choose(NPU_TABLES tables, const struct npu_nexthop* group,
                                    npu_u32 flow_hash) {
  return npu_bucket(tables, group->first_bucket + (flow_hash & (group->bucket_count - 1)));
}

/* The slot where a neighbour's probing begins. `words`: its address, IPv4 in the low half of
 * word 0, the rest 0. */
NPU_INLINE npu_u32 npu_neighbour_hash(npu_u32 port, const npu_u64 words[2]) {
  return (npu_u32)(npu_mix(npu_mix(port, words[0]), words[1]) >> 16);
}

/* The neighbour of a port by its address; null: none. Its `link` says MAC and state. */
NPU_INLINE NPU_NEIGHBOUR* npu_neighbour_find(NPU_TABLES tables, npu_u32 port, npu_u32 family,
                                             const npu_u64 words[2]) {
  const npu_u32 mask = npu_neighbour_slots(tables) - 1;
  const npu_u32 start = npu_neighbour_hash(port, words);
  for (npu_u32 i = 0; i < NPU_NEIGHBOUR_PROBES; ++i) {
    NPU_NEIGHBOUR* slot = npu_neighbour_at(tables, (start + i) & mask);
    if (!slot) {
      return 0;
    }
    const npu_u32 state = NPU_LINK_STATE(NPU_LOAD64(&slot->link));
    if (state == NPU_NEIGHBOUR_FREE) {
      return 0;
    }
    /* The three words of the key: address, port and family. */
    if (state != NPU_NEIGHBOUR_GONE && NPU_LOAD64(&slot->address[0]) == words[0] &&
        NPU_LOAD64(&slot->address[8]) == words[1] &&
        NPU_LOAD64(&slot->port) == (((npu_u64)family << 32) | port)) {
      return slot;
    }
  }
  return 0;
}

#ifdef __cplusplus
#pragma GCC diagnostic pop
#endif

#endif
