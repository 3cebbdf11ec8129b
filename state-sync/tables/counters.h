/* Where a counter lies in the COUNTERS region.
 *
 * One row for each cpu (BPF) or engine thread, so that nobody adds to a word of another; who reads
 * adds the rows up. Nothing is atomic but the 64-bit word itself. */
#ifndef ISSU_STATE_SYNC_TABLES_COUNTERS_H
#define ISSU_STATE_SYNC_TABLES_COUNTERS_H

#include "state-sync/tables/layout.h"

#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#endif

enum npu_port_counter {
  NPU_RX_PACKETS,
  NPU_RX_BYTES,
  NPU_TX_PACKETS,
  NPU_TX_BYTES,
  NPU_PUNT_PACKETS, /* given to the route processor */
  NPU_PUNT_BYTES,
  NPU_INJECT_PACKETS, /* from the route processor, sent on this port */
  NPU_INJECT_BYTES,
  NPU_ANSWERED,       /* ARP, ND and echo, by the NPU itself */
  NPU_DROP_MALFORMED, /* bad version, length or checksum */
  NPU_DROP_NO_ROUTE,
  NPU_DROP_BLACKHOLE,
  NPU_DROP_NO_NEIGHBOUR, /* not resolved */
  NPU_DROP_TTL,          /* expired and not punted */
  NPU_DROP_TOO_BIG,      /* larger than the MTU and not punted */
  NPU_DROP_PORT_DOWN,
  NPU_DROP_POLICED, /* would have been punted */
  NPU_DROP_TX,      /* the port took no more */
  NPU_DROP_PUNT,    /* the punt interface took no more */
  NPU_DROP_OTHER,
  NPU_PORT_COUNTERS = 24
};

enum npu_nexthop_counter { NPU_NEXTHOP_PACKETS, NPU_NEXTHOP_BYTES, NPU_NEXTHOP_COUNTERS };

/* Words of a row. */
static inline npu_u64 npu_counter_row_words(const struct npu_capacities* capacities) {
  const npu_u64 words = (npu_u64)capacities->ports * NPU_PORT_COUNTERS +
                        (npu_u64)capacities->nexthops * NPU_NEXTHOP_COUNTERS;
  return (words + 7) & ~7ULL; /* rows don't share a cache line */
}

/* Index of the word of a port's counter. */
static inline npu_u64 npu_port_counter_at(const struct npu_capacities* capacities, npu_u32 row,
                                          npu_u32 port, npu_u32 counter) {
  return row * npu_counter_row_words(capacities) + (npu_u64)port * NPU_PORT_COUNTERS + counter;
}

/* Index of the word of a next hop's counter. */
static inline npu_u64 npu_nexthop_counter_at(const struct npu_capacities* capacities, npu_u32 row,
                                             npu_u32 nexthop, npu_u32 counter) {
  return row * npu_counter_row_words(capacities) + (npu_u64)capacities->ports * NPU_PORT_COUNTERS +
         (npu_u64)nexthop * NPU_NEXTHOP_COUNTERS + counter;
}

#ifdef __cplusplus
#pragma GCC diagnostic pop
#endif

#endif
