#ifndef ISSU_TESTS_BENCH_FORWARD_GENERATOR_H
#define ISSU_TESTS_BENCH_FORWARD_GENERATOR_H

// What the generator's BPF program and its loader agree on.

#include "state-sync/tables/layout.h"

struct generator_settings {
  npu_u32 ifindex;  /* that frames are sent on */
  npu_u32 prefixes; /* /24s, from 1.0.0.0 up, that destinations are drawn from */
  npu_u64 interval; /* ns between two frames; 0: as fast as it goes */
  npu_u64 to;       /* MAC addresses, first byte lowest */
  npu_u64 from;
  npu_u64 duration; /* ns from the first frame on */
  npu_u64 next;     /* CLOCK_MONOTONIC, ns: of the next frame */
  npu_u64 end;      /* the same: nothing is sent from there on */
  npu_u64 sent;
};

/// What came to the sink, by cpu.
struct generator_received {
  npu_u64 frames;
  npu_u64 last; /* CLOCK_MONOTONIC, ns, to a tick of the kernel: of the last one */
};

#endif
