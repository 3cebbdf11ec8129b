#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/rp.hpp"
#include "issu/base/result.hpp"
#include "issu/init/plan.hpp"
#include "state-sync/prefix.hpp"

namespace issu::backends {

/// Whether a root filesystem has a program; its absolute path there.
using HasProgram = std::function<bool(const std::string& path)>;

/// Asks the root filesystem that is mounted at `rootfs`.
[[nodiscard]] HasProgram programs_below(std::filesystem::path rootfs);

/// A family of routing daemons: where their files are inside a root filesystem, how they are
/// started so that they take over the routes that the kernel holds, how they are asked. One row
/// of a table; all paths but those in parameters are inside the root filesystem.
struct Suite {
  std::string_view name;                  ///< "frr"
  std::string_view config_path;           ///< where the configuration is seen
  std::string_view run_path;              ///< sockets of the daemons
  std::string_view state_path;            ///< what they keep across restarts; empty: nothing
  std::vector<std::string_view> folders;  ///< have to exist, beside the three above
  std::vector<std::string_view> groups;   ///< have to exist with root as a member

  /// What starts `daemons` out of a root filesystem that has the programs that `has` knows. `fpm`:
  /// they say their routes to an NPU of their own, beside the kernel.
  Result<std::vector<init::DaemonPlan>> (*plan)(const HasProgram& has,
                                                const std::vector<std::string>& daemons, bool fpm);
  /// Refuses a configuration folder that lacks a daemon's file, or with `fpm` the NPU's address;
  /// all reasons at once.
  Result<void> (*check_config)(const std::filesystem::path& config_dir,
                               const std::vector<std::string>& daemons, bool fpm);
  /// Whether a file of the configuration folder is given to the daemons.
  bool (*takes_config)(std::string_view file_name);
  /// `run`: the host's path of the folder that is `run_path` inside.
  ControlPlaneView (*view)(const std::filesystem::path& run,
                           const std::vector<std::string>& daemons);
  Result<std::optional<std::vector<state_sync::Prefix>>> (*routes)(
      const std::filesystem::path& run, const std::vector<std::string>& daemons);
  /// As `RouteProcessor::running_config`.
  Result<std::optional<std::string>> (*running_config)(const std::filesystem::path& run);
  /// Tells daemons that were restored without their sessions to begin as after a start: nothing is
  /// announced before every neighbour was heard.
  Result<void> (*begin_anew)(const std::filesystem::path& run,
                             const std::vector<std::string>& daemons);
};

/// The row of this name, for as long as the program runs; nullptr when there is none.
[[nodiscard]] const Suite* find_suite(std::string_view name);

extern const Suite frr_suite;
extern const Suite bird_suite;

}  // namespace issu::backends
