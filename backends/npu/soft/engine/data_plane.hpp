#pragma once

// decide.h and answer.h over tables that are mapped: for C++.

#include "state-sync/tables/memory.h"

inline const npu_port* npu_port_at(NPU_TABLES tables, npu_u32 index) {
  return index < tables->capacities.ports ? &tables->ports[index] : nullptr;
}

#include "backends/npu/soft/engine/answer.h"
#include "backends/npu/soft/engine/decide.h"
