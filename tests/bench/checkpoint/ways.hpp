#pragma once

#include "tests/bench/checkpoint/lab.hpp"

namespace issu::bench {

struct SaveAndRestore {
  backends::SaveReport saved;
  backends::RestoreReport restored;
  double dark_ms = 0;  ///< from the first packet held back until packets pass again
};

/// Our own: room made (not dark), saved, restored in the same slot, the sessions kept.
Result<SaveAndRestore> save_and_restore(Router& router);

/// Every daemon ended as a service manager does (SIGTERM) and started again in order; how long
/// until the router was whole again, in ms.
Result<double> restart(Router& router);

}  // namespace issu::bench
