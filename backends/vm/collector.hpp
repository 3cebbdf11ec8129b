#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "backends/rp.hpp"
#include "backends/spec.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::vm {

/// Hears the routes of a guest that says them to nobody but its neighbours: a BIRD of the host's in
/// the router's namespace, with one iBGP session, that to the guest of the slot whose management
/// link is plugged in. It writes what it hears into that namespace's routing table, from where the
/// NPU driver takes it. It lives on when the caller ends.
///
/// Its session ends and the routes stay: the next guest to connect counts as the restart of the
/// last one, and what it has not said again when it sends its End-of-RIB goes.
class Collector {
 public:
  /// `spec.vm.foreign` has a value.
  explicit Collector(const RouterSpec& spec);

  /// Starts it; one that runs is left as it is.
  Result<void> start();
  /// Ends it; the routes stay in the table. One that does not run is fine.
  Result<void> end();
  /// Ends its session without a word to the guest, as a broken cable would: what it knows stays,
  /// and who connects next is heard as if he had restarted.
  Result<void> drop_session();
  /// What it knows of the guest: one session, whose End-of-RIB is told from the routes of before.
  /// The version of the guest's software is not among it.
  [[nodiscard]] ControlPlaneView view() const;
  /// What it has written into the routing table.
  Result<std::vector<state_sync::Prefix>> routes() const;

 private:
  [[nodiscard]] std::filesystem::path folder() const { return spec_.run_dir / "collector"; }
  [[nodiscard]] std::filesystem::path socket() const { return folder() / "bird.ctl"; }
  [[nodiscard]] std::filesystem::path log() const { return folder() / "bird.log"; }
  [[nodiscard]] std::filesystem::path process_file() const { return folder() / "process.json"; }
  const RouterSpec& spec_;
};

/// Its bird.conf.
[[nodiscard]] std::string collector_conf(const RouterSpec& spec);

}  // namespace issu::backends::vm
