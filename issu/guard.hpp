#pragma once

/// A condition or a call that an invariant hangs on, by a name of its own. Here it is `guarded` and
/// nothing else. tests/issu/matrix builds the files that say it once more, with each guard in turn
/// taken away (`without` in its place), and looks for what the fault matrix finds then.
#ifndef ISSU_GUARD
#define ISSU_GUARD(name, guarded, without) (guarded)
#endif
