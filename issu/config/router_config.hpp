#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "backends/spec.hpp"
#include "issu/base/result.hpp"
#include "issu/measure/plan.hpp"
#include "issu/phases.hpp"
#include "issu/report/ledger/budget.hpp"

namespace issu::config {

/// What an upgrade may cost; more than this and it goes back by itself.
struct Budgets {
  std::uint64_t lost_packets = 0;  ///< all streams together
  double control_plane_dark_ms = 30'000;
  double stale_fraction = 0.01;    ///< of the held routes, that the new side may not know
  double daemon_growth_mib = 256;  ///< of memory, all daemons of the new side together, in soak
};

/// How long things are waited for.
struct Timers {
  double converge_s = 120;  ///< from switchover to end-of-sync; also what zebra -K and peers allow
  double quiet_s = 3;       ///< the tables unchanged for so long before a sweep; 3 at least
  double soak_s = 60;       ///< unless --soak says otherwise
  /// Seconds after which a phase's step or its undo is ended as hung, where they are not those of
  /// the phase table; soak_s, converge_s and a migration's own limit come on top.
  std::map<Phase, double> deadlines;
};

/// Where checkpoints of the router are kept, and with what they are written. Empty paths: said on
/// the command line, or not at all.
struct Archive {
  std::filesystem::path folder;
  std::filesystem::path key_file;     ///< opens and closes them
  std::filesystem::path certificate;  ///< PEM: who signs them
  std::filesystem::path signing_key;  ///< PEM
};

/// router.toml, read and checked. Paths are absolute.
struct RouterConfig {
  std::filesystem::path file;
  backends::RouterSpec router;
  std::string backend;            ///< "lxc", "vm" or "card"
  std::string way_back = "cold";  ///< of the strategy restart: "saved" or "cold"
  std::string compatible;         ///< what an image's manifest must say
  std::filesystem::path keyring;  ///< PEM: certificates that may sign images
  std::string minimum_version;    ///< of routing software or a disk; empty: any
  std::string minimum_kernel;     ///< of an image of kind kernel; empty: any
  measure::MeasurePlan measure;   ///< probe streams and peers to watch
  Budgets budgets;
  ledger::Sla sla;
  Timers timers;
  Archive archive;
};

/// What a router.toml is read for.
enum class Purpose {
  run,        ///< everything that it names has to be there
  take_down,  ///< keys and configuration of daemons may be gone already
};

/// Reads and checks router.toml. Everything that is wrong is told at once, each with file, line
/// and key: unknown keys, wrong types, an address used twice, a value out of range.
Result<RouterConfig> load_router(const std::filesystem::path& file, Purpose purpose = Purpose::run);

}  // namespace issu::config
