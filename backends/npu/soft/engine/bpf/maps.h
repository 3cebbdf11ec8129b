#ifndef ISSU_BACKENDS_NPU_SOFT_ENGINE_BPF_MAPS_H
#define ISSU_BACKENDS_NPU_SOFT_ENGINE_BPF_MAPS_H

// The tables as BPF maps, and the accessors that lookup.h and decide.h ask for. Sizes are set by
// the loader before it loads the object.

#include "backends/npu/soft/engine/bpf/interface.h"
#include "state-sync/tables/counters.h"
#include "state-sync/tables/layout.h"

#define NPU_REGION_MAP(map_name, value_type) \
  struct {                                   \
    __uint(type, BPF_MAP_TYPE_ARRAY);        \
    __uint(map_flags, BPF_F_MMAPABLE);       \
    __uint(max_entries, 1);                  \
    __type(key, npu_u32);                    \
    __type(value, value_type);               \
  } map_name SEC(".maps")

NPU_REGION_MAP(npu_header, struct npu_header);
NPU_REGION_MAP(npu_tbl24_map, npu_u64);
NPU_REGION_MAP(npu_tbl8_map, npu_u64);
NPU_REGION_MAP(npu_root6_map, npu_u64);
NPU_REGION_MAP(npu_nodes6_map, npu_u64);
NPU_REGION_MAP(npu_nexthops, struct npu_nexthop);
NPU_REGION_MAP(npu_group_map, npu_u64);
NPU_REGION_MAP(npu_neighbours, struct npu_neighbour);
NPU_REGION_MAP(npu_ports, struct npu_port);
NPU_REGION_MAP(npu_counters, struct npu_pair);

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, npu_u32);
  __type(value, struct npu_interface);
} npu_interfaces SEC(".maps");

/// Ports that take XDP frames, by index.
struct {
  __uint(type, BPF_MAP_TYPE_DEVMAP);
  __uint(max_entries, 256);
  __type(key, npu_u32);
  __type(value, npu_u32);
} npu_tx_ports SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1024);
  __type(key, npu_u32);
  __type(value, npu_u64);
} npu_buckets_punt SEC(".maps");

/// Written by the loader before it loads the program; the only constant that is not in the code.
const volatile struct npu_settings npu_settings = {};

/// There is one set of tables, so the handle says nothing.
#define NPU_TABLES int
#define NPU_NEIGHBOUR struct npu_neighbour

/// Word `index` of an array whose entries hold two.
#define NPU_HALF_OF(map)                                      \
  const npu_u32 pair = index >> 1;                            \
  const npu_u32* halves = bpf_map_lookup_elem(&(map), &pair); \
  (void)tables;                                               \
  return halves ? *(const volatile npu_u32*)&halves[index & 1] : 0

static __always_inline npu_u32 npu_tbl24(NPU_TABLES tables, npu_u32 index) {
  NPU_HALF_OF(npu_tbl24_map);
}
static __always_inline npu_u32 npu_tbl8(NPU_TABLES tables, npu_u32 index) {
  NPU_HALF_OF(npu_tbl8_map);
}
static __always_inline npu_u32 npu_root6(NPU_TABLES tables, npu_u32 index) {
  NPU_HALF_OF(npu_root6_map);
}
static __always_inline npu_u32 npu_nodes6(NPU_TABLES tables, npu_u32 index) {
  NPU_HALF_OF(npu_nodes6_map);
}
static __always_inline npu_u32 npu_bucket(NPU_TABLES tables, npu_u32 index) {
  NPU_HALF_OF(npu_group_map);
}
static __always_inline npu_u32 npu_default(NPU_TABLES tables, npu_u32 index) {
  const npu_u32 zero = 0;
  const struct npu_header* header = bpf_map_lookup_elem(&npu_header, &zero);
  (void)tables;
  return header ? header->default_id[index & 1] : 0;
}
static __always_inline npu_u32 npu_neighbour_slots(NPU_TABLES tables) {
  (void)tables;
  return npu_settings.neighbours;
}
static __always_inline struct npu_neighbour* npu_neighbour_at(NPU_TABLES tables, npu_u32 index) {
  (void)tables;
  return bpf_map_lookup_elem(&npu_neighbours, &index);
}
static __always_inline const struct npu_nexthop* npu_nexthop_at(NPU_TABLES tables, npu_u32 id) {
  (void)tables;
  return id ? bpf_map_lookup_elem(&npu_nexthops, &id) : 0;
}
static __always_inline const struct npu_port* npu_port_at(NPU_TABLES tables, npu_u32 index) {
  (void)tables;
  return bpf_map_lookup_elem(&npu_ports, &index);
}

#endif
