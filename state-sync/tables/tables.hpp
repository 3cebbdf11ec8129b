#pragma once

// The NPU's tables: what they hold, how they are mapped, who writes them. Engines that only look
// things up need segment.hpp and memory.h; those that look up many at once, batch.hpp.

#include "state-sync/tables/batch.hpp"
#include "state-sync/tables/segment.hpp"
#include "state-sync/tables/types.hpp"
#include "state-sync/tables/writer.hpp"
