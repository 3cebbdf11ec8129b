#pragma once

namespace issu {

/// Takes from this process what no command of issu needs: setting the clock, raw I/O, the security
/// modules, the kernel's log and audit, and the like. What it starts has what root has: a saved
/// process gets back what it had only from a CRIU that has it, too.
void give_up_unneeded();

/// The same with what only other programs need: loading modules and rebooting. For the coordinator,
/// which runs for long. Its memory, in which there can be keys, is in no core dump any more, and
/// nobody but root may look into it.
void give_up_for_coordinator();

/// Between fork and exec: no capability but that of reading every file, and none ever again, for
/// what is executed then. False when that can't be had.
[[nodiscard]] bool give_up_power();

}  // namespace issu
