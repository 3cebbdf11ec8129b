#pragma once

#include <string>

#include "issu/journal.hpp"
#include "issu/phases.hpp"

namespace issu {

/// What comes next.
struct Decision {
  enum class Kind {
    run,       ///< do `phase`
    undo,      ///< undo `phase`
    close,     ///< end with `outcome`
    finished,  ///< it was closed with `outcome`: nothing to do
    idle,      ///< no upgrade was ever opened
  };
  Kind kind = Kind::idle;
  Phase phase = Phase::preflight;
  Outcome outcome = Outcome::committed;
  std::string reason;  ///< why it goes back or ends otherwise than committed
};

/// How often the undo of one phase is tried before a person is asked for.
inline constexpr int undo_attempts = 3;

/// Journal in, next step out: the only place that decides what an upgrade does next. Running and
/// recovering from a crash both ask it (invariant 5). Pure.
///
/// Forward: the first phase that is not done is run, unless its attempts are used up. Once a phase
/// failed, or an abort was asked for before commit began, the direction is back for good: phases
/// that were begun are undone in reverse order. Commit has no way back: it is repeated, and when
/// that does not help a person is asked for. A journal that was closed for a person is opened again
/// by the request "resume", with all attempts new.
[[nodiscard]] Decision decide(const Records& records);

/// Whether an upgrade is open: it was opened and not closed.
[[nodiscard]] bool is_open(const Records& records);

}  // namespace issu
