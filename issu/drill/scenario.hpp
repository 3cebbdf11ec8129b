#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "issu/base/result.hpp"
#include "issu/config/router_config.hpp"
#include "issu/drill/outcome.hpp"
#include "issu/measure/plan.hpp"

namespace issu::drill {

/// A neighbour of the router: a network namespace with a link to a port of the router and a BGP
/// daemon that announces prefixes; every address in them is answered for.
struct PeerSpec {
  std::string name;    ///< also the port's name, 1 to 12 characters
  std::string daemon;  ///< "bird" or "frr", the host's own
  std::vector<measure::PrefixRange> announce;
  unsigned hold_s = 90;       ///< BGP hold time
  std::string password{};     ///< of its sessions (TCP MD5, RFC 2385); empty: none
  bool ttl_security = false;  ///< RFC 5082, one hop
  unsigned line = 0;          ///< of the scenario's file
};

/// A probe stream from one peer to all prefixes of one family that another announces.
struct StreamSpec {
  std::string from;
  std::string to;
  int family = 4;
  double rate_pps = 1000;
  unsigned payload_bytes = 64;
};

/// OSPF between the router and every neighbour, over the same links (RFC 2328: both ends of a link
/// have the same intervals).
struct OspfSpec {
  unsigned hello_s = 2;
  unsigned dead_s = 10;
  std::string network = "broadcast";  ///< or "point-to-point"
  bool v3 = false;                    ///< OSPFv3 beside it (RFC 5340)
};

/// BFD for every BGP session (RFC 5880), the same at both ends.
struct BfdSpec {
  unsigned interval_ms = 2000;
  unsigned multiplier = 3;
};

/// The router, its neighbours and the load of a drill.
struct LabSpec {
  std::string suite;                 ///< "frr" or "bird"
  std::vector<std::string> daemons;  ///< empty: the suite's usual ones
  std::string image;                 ///< what the router runs at the beginning
  std::string backend = "lxc";       ///< or "vm", "card", which bring the NPU driver soft
  bool agent = true;                 ///< of virtual machines; false: those of another vendor
  bool apart = false;                ///< a processor of the host's is the router's machine's alone
  unsigned hypervisors = 0;          ///< libvirt daemons of the lab's own, a slot each: 0 or 2
  std::string npu = "kernel";        ///< the NPU driver: "kernel" or "soft"
  std::string engine;                ///< of the driver soft; empty: its usual one
  bool user_namespace = false;       ///< the containers are in one
  unsigned state_mib =
      0;  ///< the state folder is a disk of this size in memory; 0: an ordinary folder
  std::vector<PeerSpec> peers;
  std::vector<StreamSpec> streams;
  config::Budgets budgets;
  config::Timers timers;
  std::optional<OspfSpec> ospf;
  std::optional<BfdSpec> bfd;
  double settle_s = 120;  ///< for the first sessions and routes
  /// An FRR neighbour's start-up time is waited for: until it is over a restart of the router would
  /// not be a graceful one.
  bool outlast_startup = true;

  /// What runs in the router of the suite frr.
  [[nodiscard]] std::vector<std::string> frr_daemons() const;
};

struct Step;

/// `issu upgrade --image IMAGE ARGS`.
struct UpgradeStep {
  std::string image;
  std::vector<std::string> args;
  int exit_code = 0;
  /// Go on with the next step as soon as the upgrade is in this phase; it is waited for after the
  /// next command.
  std::string until;
  /// Kill the coordinator with SIGKILL once this many records of its journal are on disk.
  unsigned kill_after_record = 0;
  /// Have the coordinator wait for ever once this many records are on disk, the step that the last
  /// one begins not having acted; or when all but that last one are, its step having acted.
  unsigned hang_after_record = 0;
  unsigned hang_before_record = 0;
  /// Set the coordinator's wall clock forward by an hour once this many records are on disk.
  unsigned clock_after_record = 0;

  /// What of it the coordinator's process is told (issu/drill/faults); empty: nothing.
  [[nodiscard]] std::string fault() const;
};
/// One of `issu accept`, `abort`, `rollback`, `resume`.
struct CommandStep {
  std::string verb;
  std::vector<std::string> args;
  int exit_code = 0;
};
/// Something is done to the soft NPU while everything goes on: "kill" (SIGKILL, and it has to come
/// back by itself), "upgrade" (`issu npu upgrade`), "snapshot" and "restore" (`issu npu snapshot`
/// into a file of the drill's evidence, and back from it). Its routes have to be there afterwards;
/// after a restore they are those of the route processor, too.
struct NpuStep {
  std::string what;
};
/// Something is done with an archive of the router, under the lab's streams: "save" (the router
/// goes on with its sessions, nothing is lost), "tamper" (each of some flipped bytes is refused),
/// "restore" (the saved daemons take the running ones' place; sessions and routes come back,
/// nothing is lost), "rebuild" (the router is taken down and comes back out of its archive),
/// "reimage" (it is taken down with all that it had, and comes back out of the archive and a bundle
/// of the image).
struct ArchiveStep {
  std::string what;
  bool passphrase = false;  ///< of save: closed with one, in place of a key file
  std::string image{};      ///< of reimage
};
/// A BIRD peer ends all its sessions with the router, as its operator would (`birdc restart`), and
/// begins them again by itself.
struct ResetStep {
  std::string peer;
};
/// Something goes wrong at a neighbour, with the router's daemons, its links or its disk, or is put
/// right again: one of the words of fault_step.cpp.
struct FaultStep {
  std::string what;
  std::string of;  ///< the peer or the daemon; empty: what it concerns is one of its kind
  std::chrono::milliseconds time{};
};
struct WaitStep {
  std::chrono::milliseconds time{};
};
/// Writes down what there is on the machine.
struct SnapshotStep {
  std::string label;
};
/// Compares with a snapshot; any difference is a failed expectation.
struct CompareStep {
  std::string label;
};
struct RepeatStep {
  unsigned times = 1;
  std::vector<Step> steps;
};
/// The same upgrade again and again, its coordinator killed after record 1, 2, 3, … until it is
/// not killed any more; each time `issu resume` has to end it. After one that was committed the
/// next goes from there to `back`, and so on.
struct WalkStep {
  std::string image;
  std::string back;
  std::vector<std::string> args;
  unsigned first = 1;
  unsigned every = 1;   ///< 3: each third record
  unsigned last = 200;  ///< reaching it is a failed expectation
  /// One upgrade is killed again and again: each `issu resume` is killed in the phase after the one
  /// in which the process before it was.
  bool together = false;
};

/// Upgrades there and back again, one after the other, some of them with a coordinator that is
/// killed at a random record of its journal and resumed. Afterwards nothing may be left over since
/// the first two.
struct SoakStep {
  std::string image;
  std::string back;  ///< what the router runs at the beginning
  std::vector<std::string> args;
  unsigned times = 100;    ///< upgrades
  double killed = 0;       ///< the share of them whose coordinator is killed, 0 to 1
  std::uint64_t seed = 0;  ///< 0: one is drawn, and told
  struct Bounds {          ///< of the undisturbed upgrades' dark time; no value: none
    std::optional<double> p50_ms;
    std::optional<double> p99_ms;
  } dark;
};

struct Step {
  std::string name;  ///< "upgrade frr-trixie" when the scenario gives none
  unsigned line = 0;
  std::variant<UpgradeStep, CommandStep, NpuStep, ArchiveStep, ResetStep, FaultStep, WaitStep,
               SnapshotStep, CompareStep, RepeatStep, WalkStep, SoakStep>
      what;
};

/// What has to hold of a field of an upgrade's result document.
struct Expectation {
  std::string what;      ///< for people
  std::string path;      ///< "data_plane.lost", "sessions[*].down_ms"
  std::string upgrades;  ///< the step's name; empty: every upgrade
  struct Bound {
    std::string op;     ///< equals, not, below, above, at_least, at_most, one_of,
                        ///< contains
    std::string value;  ///< JSON
  };
  std::vector<Bound> bounds;  ///< all have to hold
};

struct Scenario {
  std::filesystem::path file;
  std::string name;
  std::string about;
  std::vector<std::string> labels;
  std::optional<bool> beside_others;  ///< the file's word on running beside other drills
  std::optional<Cell> cell;           ///< of its matrix
  LabSpec lab;
  std::vector<Step> steps;
  std::vector<Expectation> expectations;
};

/// Reads a scenario. Everything that is wrong with it is told at once (ErrorKind::refused), also
/// what can't be met whatever the router does: a field that no result document has, bounds that
/// exclude each other, a step that is not there.
Result<Scenario> load_scenario(const std::filesystem::path& file);
/// The same of a file that may have a [matrix]: a scenario for each of its cells.
Result<std::vector<Scenario>> load_scenarios(const std::filesystem::path& file);

/// The operator's word on the soaks of a scenario.
struct SoakWords {
  std::optional<unsigned> times;
  std::optional<std::uint64_t> seed;
};
/// Puts it in their place; whether there is a soak at all.
bool apply(const SoakWords& words, Scenario& scenario);

/// The images that the steps and the lab name, each once.
[[nodiscard]] std::vector<std::string> images_of(const Scenario& scenario);

}  // namespace issu::drill
