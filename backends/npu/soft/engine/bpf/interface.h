#ifndef ISSU_BACKENDS_NPU_SOFT_ENGINE_BPF_INTERFACE_H
#define ISSU_BACKENDS_NPU_SOFT_ENGINE_BPF_INTERFACE_H

// What the xdp engine keeps beside the tables: for the BPF program and for its loader.

#include "backends/npu/soft/engine/police.h"
#include "state-sync/tables/layout.h"

/// What an interface is, by its ifindex.
struct npu_interface {
  npu_u32 port;             ///< index into PORTS
  npu_u32 slots;            ///< of a punt interface: bit n for slot n; 0: it is the port itself
  npu_u32 punt_ifindex[2];  ///< of a port: where it punts to, by slot; 0: nowhere
};

/// What the program knows of the tables' sizes, and how much may be punted.
struct npu_settings {
  npu_u32 counter_rows;
  npu_u32 row_words;
  npu_u32 ports;
  npu_u32 neighbours;
  struct npu_police polices[NPU_CLASSES];
};

/// Two counters that stand beside each other: packets and bytes.
struct npu_pair {
  npu_u64 first;
  npu_u64 second;
};

#endif
