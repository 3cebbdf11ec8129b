#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "backends/rp.hpp"
#include "issu/base/result.hpp"

namespace issu {

/// A router's state on its way out of it, or into it: outside any upgrade. Nothing is journaled:
/// a call that was killed is repeated, and goes on from what it finds.

/// What the trip out left.
struct TakenState {
  std::filesystem::path folder;  ///< holds the state until `forget_saved`
  backends::SaveReport save;
  backends::RestoreReport restore;

  [[nodiscard]] double dark_ms() const { return to_ms(restore.dark_until - save.dark_from); }
};

/// Saves the active slot and lets its daemons go on at once, in place, with their sessions.
/// `payload`: what the slot runs. When they can't go on from the saved state they are started anew,
/// and the error says so: the sessions were lost then.
Result<TakenState> take_state(backends::RouteProcessor& rp, backends::Slot slot,
                              const backends::StagedPayload& payload);

/// Lets a state go on in `into` that `fill` brings into the folder it is given; its sessions are
/// gone. Whatever runs in either slot is ended first, but not before all of the state is there.
/// When the state does not go on, the daemons of that slot are started anew; the error says so.
struct Arrival {
  backends::Slot into;
  backends::StagedPayload payload;
  std::uint64_t bytes = 0;  ///< that `fill` will bring
  std::function<Result<void>(const std::filesystem::path& folder)> fill;
};
Result<backends::RestoreReport> bring_state(backends::RouteProcessor& rp, const Arrival& arrival);

}  // namespace issu
