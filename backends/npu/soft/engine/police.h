#ifndef ISSU_BACKENDS_NPU_SOFT_ENGINE_POLICE_H
#define ISSU_BACKENDS_NPU_SOFT_ENGINE_POLICE_H

// How much may be punted to the route processor: a token bucket per port and class, in one word
// (the time at which the bucket would be empty: GCRA, ITU-T I.371). C, for C++ and BPF.

#include "state-sync/tables/layout.h"

#ifndef NPU_INLINE
#define NPU_INLINE static inline __attribute__((always_inline))
#endif

/// Classes of punts: a flood of one does not starve another.
enum npu_class {
  NPU_CLASS_NEIGHBOUR,  ///< ARP, neighbour discovery
  NPU_CLASS_CONTROL,    ///< the router's own addresses, multicast on the link
  NPU_CLASS_EXCEPTION,  ///< expired, too big, with options, unreachable
  NPU_CLASSES = 4       // a power of two: index of (port, class)
};

struct npu_police {
  npu_u64 interval; /* ns between two packets at the full rate */
  npu_u64 slack;    /* ns: the burst, in intervals */
};

/// Whether one more packet may pass at `now` (ns); takes its token.
NPU_INLINE int npu_police_pass(npu_u64* bucket, const struct npu_police* police, npu_u64 now) {
  npu_u64 next = *bucket;
  if (next + police->slack < now) {
    next = now - police->slack;
  }
  if (next > now) {
    return 0;
  }
  *bucket = next + police->interval;
  return 1;
}

#endif
