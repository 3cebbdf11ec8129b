/* lookup.h over plain pointers: for C++ engines, tests and the writer. */
#ifndef ISSU_STATE_SYNC_TABLES_MEMORY_H
#define ISSU_STATE_SYNC_TABLES_MEMORY_H

#include "state-sync/tables/counters.h"
#include "state-sync/tables/layout.h"

#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#endif

/* Where the regions are mapped. Capacities are copies of checked values: what stands in the shared
 * header later can't lead a reader out of the memory. */
struct npu_view {
  struct npu_header* header;
  npu_u32* tbl24;
  npu_u32* tbl8;
  npu_u8* fast24; /* a byte for each entry of tbl24 */
  npu_u32* codes; /* what the bytes stand for */
  npu_u32* root6;
  npu_u32* nodes6;
  struct npu_nexthop* nexthops;
  npu_u32* buckets;
  struct npu_neighbour* neighbours;
  struct npu_port* ports;
  struct npu_local* locals;
  npu_u64* counters;
  struct npu_route* routes;
  struct npu_capacities capacities;
};

#define NPU_TABLES const struct npu_view*
#define NPU_NEIGHBOUR struct npu_neighbour
#define NPU_LOAD32(pointer) __atomic_load_n((const npu_u32*)(pointer), __ATOMIC_ACQUIRE)
#define NPU_LOAD64(pointer) \
  __atomic_load_n((const npu_u64*)(const void*)(pointer), __ATOMIC_ACQUIRE)

static inline npu_u32 npu_tbl24(NPU_TABLES tables, npu_u32 index) {
  return NPU_LOAD32(&tables->tbl24[index & 0xffffffu]);
}
static inline npu_u32 npu_tbl8(NPU_TABLES tables, npu_u32 index) {
  return NPU_LOAD32(&tables->tbl8[index & (tables->capacities.tbl8_groups * 256u - 1)]);
}
static inline npu_u32 npu_root6(NPU_TABLES tables, npu_u32 index) {
  return NPU_LOAD32(&tables->root6[index & 0xffffffu]);
}
static inline npu_u32 npu_nodes6(NPU_TABLES tables, npu_u32 index) {
  return NPU_LOAD32(&tables->nodes6[index & (tables->capacities.nodes6 * 256u - 1)]);
}
static inline npu_u32 npu_bucket(NPU_TABLES tables, npu_u32 index) {
  return index < tables->capacities.buckets ? NPU_LOAD32(&tables->buckets[index]) : 0;
}
static inline npu_u32 npu_default(NPU_TABLES tables, npu_u32 index) {
  return NPU_LOAD32(&tables->header->default_id[index]);
}
static inline npu_u32 npu_neighbour_slots(NPU_TABLES tables) {
  return tables->capacities.neighbours;
}
static inline struct npu_neighbour* npu_neighbour_at(NPU_TABLES tables, npu_u32 index) {
  return &tables->neighbours[index];
}
/* The next hop of an id; null: no such id. */
static inline const struct npu_nexthop* npu_nexthop_at(NPU_TABLES tables, npu_u32 id) {
  return id != 0 && id < tables->capacities.nexthops ? &tables->nexthops[id] : 0;
}

#include "state-sync/tables/lookup.h"

#ifdef __cplusplus
#pragma GCC diagnostic pop
#endif

#endif
