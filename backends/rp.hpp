#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "backends/spec.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/result.hpp"
#include "state-sync/prefix.hpp"

namespace issu::backends {

/// A payload that was verified and lies in the slot's folder, ready to be mounted.
struct StagedPayload {
  std::filesystem::path file;  ///< a squashfs root filesystem (kind rootfs), a disk (kind disk)
  std::string version;         ///< of the image's manifest
  std::filesystem::path kernel = {};  ///< a payload of kind kernel, beside `file`; empty: none
};

/// One routing daemon of a slot.
struct DaemonStatus {
  std::string name;
  int pid = 0;  ///< on the host, or in its virtual machine; 0 when it does not run
  bool running = false;
  int exits = 0;         ///< how often it ended by itself since it was activated
  std::string last_end;  ///< "exit 1", "signal 11"; empty when it never ended
  std::optional<std::uint64_t> memory = {};  ///< bytes that it holds; no value: not known here
};

/// How far a slot is. Each state includes the ones before it.
enum class SlotPower {
  empty,   ///< no image
  staged,  ///< its root filesystem is mounted
  booted,  ///< container or VM up, daemons held: it speaks to nobody and writes nothing
  warm,    ///< daemons started, its ports unplugged: it speaks to nobody
  active,  ///< daemons started
};

struct SlotStatus {
  SlotPower power = SlotPower::empty;
  std::vector<DaemonStatus> daemons;  ///< empty unless warm or active
  bool saved = false;                 ///< a state that `save` took of this slot is there, whole
  bool paused = false;                ///< active, and standing still (`pause`)
  std::string kernel = {};            ///< of its own kernel, `uname -r`; empty: it has none yet
};

/// One routing session as the route processor itself sees it.
struct SessionView {
  std::string peer;  ///< the peer's address
  bool established = false;
  std::string state;              ///< in the daemon's words
  bool graceful_restart = false;  ///< negotiated: the peer will hold our routes
  bool end_of_rib = false;        ///< received in this session, for every negotiated family
  std::uint64_t prefixes = 0;     ///< received and accepted, all families
  double hold_time_s = 0;         ///< negotiated

  /// How long it can be silent before an end of it may give it up: the last keepalive can be a
  /// third of the hold time old (RFC 4271, 4.4). No value where nobody waits for anything.
  [[nodiscard]] std::optional<double> endures_s() const {
    return established && hold_time_s > 0 ? std::optional(hold_time_s * 2 / 3) : std::nullopt;
  }
};

/// A neighbour by OSPF or BFD as the route processor itself sees it.
struct AdjacencyView {
  std::string protocol;   ///< "ospf", "bfd"
  std::string peer;       ///< OSPF: the neighbour's router id; BFD: its address
  std::string interface;  ///< of the router; empty: any
  bool up = false;        ///< OSPF: Full
  std::string state;      ///< in the daemon's words
  double interval_s = 0;  ///< between two of our packets: hello, transmit interval
  double detects_s = 0;   ///< silence after which the neighbour gives up: dead interval, detection

  /// How long it can be silent before the neighbour may give it up: its last packet can be an
  /// interval old. No value where nobody waits for anything.
  [[nodiscard]] std::optional<double> endures_s() const {
    return up && detects_s > 0 ? std::optional(std::max(detects_s - interval_s, 0.0))
                               : std::nullopt;
  }
};

/// What the control plane of a slot says of itself. Evidence for convergence and health, never
/// for downtime (that is measured from outside).
struct ControlPlaneView {
  bool answering = false;           ///< every configured daemon answered a question
  std::vector<std::string> silent;  ///< the daemons that did not
  std::string version;              ///< of the routing software, e.g. "8.4.4"
  std::vector<SessionView> sessions;
  std::vector<AdjacencyView> adjacencies;
  bool output_queued = false;  ///< routes are still on their way from the daemon to the NPU
  std::uint64_t routes = 0;    ///< in the daemon's own table, all families
};

/// What saving a slot's state would take.
struct SaveEstimate {
  std::uint64_t bytes = 0;  ///< of memory that the daemons hold now
};

/// A slot's state as it was taken; the slot is dark from `dark_from` on.
struct SaveReport {
  MonoNs dark_from = 0;     ///< when the first packet of a session was held back
  double condition_ms = 0;  ///< sessions held back; what a dump forgets written down and undone
  double freeze_ms = 0;     ///< until no process ran
  double dump_ms = 0;       ///< from there until the state was saved and the processes gone
  std::uint64_t bytes = 0;  ///< of the saved state
};

struct RestoreReport {
  double restore_ms = 0;    ///< until the processes run again
  double condition_ms = 0;  ///< what a dump forgets done again; sessions let through
  MonoNs dark_until = 0;    ///< when packets of the sessions passed again
  std::string first_try;    ///< why a first try failed, which was time in the dark; mostly empty
};

/// What becomes of the daemons whose state was saved.
enum class Afterwards {
  gone,  ///< nothing runs in the slot, and the packets of its sessions are held back
  runs,  ///< they go on; their connections are not to be restored (`Sessions::drop`)
};

/// What becomes of the connections in a saved state.
enum class Sessions {
  keep,  ///< they go on where they were
  drop,  ///< they are closed at once: their other ends are gone anyway
};

/// Between what a running slot would move.
struct MigrateCheck {
  std::string from;          ///< the hypervisor it runs at, with versions
  std::string to;            ///< the one of the other slot
  std::uint64_t memory = 0;  ///< bytes of the machine
};

/// How a running slot moved to the other, by the hypervisor's own count. No value: it does not know
/// any more (the move was ended by another coordinator than this one).
struct MigrateReport {
  bool moved = false;              ///< by this call; else it was there
  std::optional<double> total_ms;  ///< the old side ran for most of it
  std::optional<double> setup_ms;
  std::optional<double> downtime_ms;        ///< nothing ran in either slot
  std::optional<std::uint64_t> bytes;       ///< sent
  std::optional<std::uint64_t> iterations;  ///< passes over the machine's memory
};

/// The port to a backend: how a route processor is staged, started, fenced and stopped.
///
/// Every verb can be repeated, also after a crash in its middle: it looks at what is there and
/// does the rest. A verb that needs an earlier state says so with an error. Verbs block, bounded
/// by their own deadlines, and may be called from one thread at a time. What runs in a slot lives
/// on when the caller ends.
class RouteProcessor {
 public:
  RouteProcessor() = default;
  RouteProcessor(const RouteProcessor&) = delete;
  RouteProcessor& operator=(const RouteProcessor&) = delete;
  virtual ~RouteProcessor() = default;

  /// "lxc", "vm": for people and reports.
  [[nodiscard]] virtual std::string backend() const = 0;

  /// Which kinds of images it takes, by their names in a manifest. With "kernel"
  /// among others, a slot can be staged with a kernel beside its payload; with "kernel" alone, one
  /// is its payload.
  [[nodiscard]] virtual std::vector<std::string> kinds() const { return {"rootfs"}; }

  /// Everything that keeps this backend from running here, all at once; a preflight check.
  virtual Result<void> check() = 0;
  /// Mounts the payload as the slot's root filesystem. Starts nothing.
  virtual Result<void> stage(Slot slot, const StagedPayload& payload) = 0;
  /// Brings the slot up with its daemons held. Not dark: the other slot goes on.
  virtual Result<void> boot(Slot slot) = 0;
  /// Starts the daemons of a booted slot, or plugs in the ports of a warm one; returns when they
  /// answer. They take the routes that the NPU holds as their own from an earlier life, and delete
  /// none of them.
  virtual Result<void> activate(Slot slot) = 0;
  /// Ends the daemons of a slot at once, without a word to any peer (no NOTIFICATION); afterwards
  /// nothing in the slot can write the NPU or answer a peer. The slot stays booted. A paused slot
  /// ends them as it goes on.
  virtual Result<void> fence(Slot slot) = 0;
  /// Stops the container or VM (its daemons too, as with `fence`).
  virtual Result<void> power_off(Slot slot) = 0;
  /// Unmounts and frees everything that `stage` and `boot` took; the payload file stays.
  virtual Result<void> unstage(Slot slot) = 0;

  virtual Result<SlotStatus> status(Slot slot) = 0;
  /// Asks the daemons of a warm or active slot. A daemon that does not answer is not an error: the
  /// view says `answering = false`.
  virtual Result<ControlPlaneView> control_plane(Slot slot) = 0;
  /// The routes that the slot's daemons have announced since they were activated: what the NPU
  /// should hold for them. No value where that shows at the NPU alone. Not cheap: the daemon that
  /// lists 100,000 routes does nothing else meanwhile, so ask once they have all come in.
  virtual Result<std::optional<std::vector<state_sync::Prefix>>> routes(Slot slot) = 0;

  /// The configuration of an active slot as its daemons say it, passwords and all. No value: these
  /// daemons, or this backend, don't say it.
  virtual Result<std::optional<std::string>> running_config(Slot /*slot*/) {
    return std::optional<std::string>();
  }

  // Both slots side by side. A backend whose slots share the ports leaves these verbs as they are:
  // each is an error.

  /// Everything that keeps the other slot from running beside this one; a preflight check.
  virtual Result<void> check_standby();
  /// Starts the daemons of a booted slot with its ports unplugged; returns when they answer.
  virtual Result<void> warm(Slot slot);
  /// Has everything in an active slot stand still at once, its memory and connections kept: a way
  /// back that is there at once. Its ports are unplugged.
  virtual Result<void> pause(Slot slot);
  /// Lets a paused slot go on where it was, its ports plugged in. One that is not paused is fine.
  virtual Result<void> resume(Slot slot);

  // Saved states. A backend that has none leaves these verbs as they are: each is an error.

  /// Everything that keeps the state of this active slot from being saved, all at once; a
  /// preflight check.
  virtual Result<SaveEstimate> check_save(Slot slot);
  /// Whether a state saved of what runs in `slot` can go on over this payload, which need not be
  /// staged: the programs have to be the same. The error names the first that is not.
  virtual Result<void> check_same(Slot slot, const std::filesystem::path& payload);
  /// Makes room for the slot's state and touches it, so that saving is short. Not dark.
  virtual Result<void> prepare_save(Slot slot);
  /// Takes the slot's state: its daemons' memory and connections. With `gone`, nothing runs in it
  /// afterwards (`status`: staged, saved) and the packets of its sessions are held back, for a
  /// minute or two at the most, until `restore` or `forget_saved`. An error leaves the daemons
  /// running as they were, or says that they are lost.
  virtual Result<SaveReport> save(Slot slot, Afterwards afterwards);
  /// Lets the state that was saved of `saved_from` go on in `into`: the same slot, or a staged one
  /// with the same programs. Held daemons in `into` are ended; when they differ, nothing may run in
  /// `saved_from`. When the daemons already run in `into`, does the rest.
  virtual Result<RestoreReport> restore(Slot saved_from, Slot into, Sessions sessions);
  /// Frees the saved state of a slot; lets the packets of its sessions through. None is fine.
  virtual Result<void> forget_saved(Slot slot);

  // A saved state can leave the machine, and come to one.

  /// Makes the saved state of a slot whole in itself: what its processes have written goes to it.
  /// To be called before anything runs in the slot again. Gives the folder that holds it, until
  /// `forget_saved`: plain files and folders, for root only. They hold secrets.
  virtual Result<std::filesystem::path> export_saved(Slot slot);
  /// Makes room for a state of so many bytes and gives the name of a folder to make and to fill
  /// with what `export_saved` had given. An earlier saved state of the slot is freed.
  virtual Result<std::filesystem::path> room_for_saved(Slot slot, std::uint64_t bytes);
  /// Makes what lies in that folder the saved state of this staged slot, in which nothing runs: to
  /// be brought back with `restore`, its sessions dropped.
  virtual Result<void> import_saved(Slot slot);

  // What runs in a slot can move into the other one while it runs. A backend that has no such thing
  // leaves these verbs as they are: each is an error.

  /// Everything that keeps the active slot `from` from moving into `to`, all at once; a preflight
  /// check.
  virtual Result<MigrateCheck> check_migrate(Slot from, Slot to);
  /// Moves what runs in `from`, as it runs, into the staged slot `to`, which has the same image:
  /// its sessions stay. Given up by the limits, or when `give_up` says so (asked again and again);
  /// an error leaves it running in `from`, or says that it is lost. When it runs in `to` already,
  /// or an earlier move stopped in the middle, does the rest.
  virtual Result<MigrateReport> migrate(Slot from, Slot to, const MigrateLimits& limits,
                                        const std::function<bool()>& give_up);

 protected:
  [[nodiscard]] tl::unexpected<Error> cannot_save() const;
  [[nodiscard]] tl::unexpected<Error> cannot_stand_by() const;
  [[nodiscard]] tl::unexpected<Error> cannot_migrate() const;
};

inline tl::unexpected<Error> RouteProcessor::cannot_stand_by() const {
  return fail("the slots of the backend " + backend() +
                  " share the router's ports: they can't run side by side",
              "use the strategy restart or checkpoint");
}
inline Result<void> RouteProcessor::check_standby() {
  return cannot_stand_by();
}
inline Result<void> RouteProcessor::warm(Slot /*slot*/) {
  return cannot_stand_by();
}
inline Result<void> RouteProcessor::pause(Slot /*slot*/) {
  return cannot_stand_by();
}
inline Result<void> RouteProcessor::resume(Slot /*slot*/) {
  return cannot_stand_by();
}

inline tl::unexpected<Error> RouteProcessor::cannot_save() const {
  return fail("the backend " + backend() + " does not save the state of a route processor",
              "use the strategy restart");
}
inline Result<SaveEstimate> RouteProcessor::check_save(Slot /*slot*/) {
  return cannot_save();
}
inline Result<void> RouteProcessor::check_same(Slot /*slot*/,
                                               const std::filesystem::path& /*payload*/) {
  return cannot_save();
}
inline Result<void> RouteProcessor::prepare_save(Slot /*slot*/) {
  return cannot_save();
}
inline Result<SaveReport> RouteProcessor::save(Slot /*slot*/, Afterwards /*afterwards*/) {
  return cannot_save();
}
inline Result<RestoreReport> RouteProcessor::restore(Slot /*saved_from*/, Slot /*into*/,
                                                     Sessions /*sessions*/) {
  return cannot_save();
}
inline Result<void> RouteProcessor::forget_saved(Slot /*slot*/) {
  return {};
}
inline Result<std::filesystem::path> RouteProcessor::export_saved(Slot /*slot*/) {
  return cannot_save();
}
inline Result<std::filesystem::path> RouteProcessor::room_for_saved(Slot /*slot*/,
                                                                    std::uint64_t /*bytes*/) {
  return cannot_save();
}
inline Result<void> RouteProcessor::import_saved(Slot /*slot*/) {
  return cannot_save();
}

inline tl::unexpected<Error> RouteProcessor::cannot_migrate() const {
  return fail("the backend " + backend() + " does not migrate a route processor that runs",
              "use another strategy");
}
inline Result<MigrateCheck> RouteProcessor::check_migrate(Slot /*from*/, Slot /*to*/) {
  return cannot_migrate();
}
inline Result<MigrateReport> RouteProcessor::migrate(Slot /*from*/, Slot /*to*/,
                                                     const MigrateLimits& /*limits*/,
                                                     const std::function<bool()>& /*give_up*/) {
  return cannot_migrate();
}

}  // namespace issu::backends
