#include "backends/lxc/conditions.hpp"

#include <vector>

#include "backends/lxc/pid_namespace.hpp"
#include "checkpoint/conditioner/conditioner.hpp"
#include "checkpoint/flow_lock.hpp"
#include "checkpoint/nudge.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/reasons.hpp"

namespace issu::backends::lxc {
namespace {

namespace fs = std::filesystem;

/// A session whose packets were held back for longer is lost anyway, whatever the hold time.
constexpr auto longest_hold = std::chrono::seconds(120);
/// A daemon reads what waits in its netlink socket within this, or it is busy for longer.
constexpr auto quiet_within = std::chrono::milliseconds(500);

std::vector<pid_t> processes_of(pid_t init_pid) {
  std::vector<pid_t> pids{init_pid};
  for (const InnerProcess& process : processes_beside(init_pid)) {
    pids.push_back(process.host_pid);
  }
  return pids;
}

Result<void> undo_quietly(const checkpoint::Conditioner& conditioner,
                          const std::vector<pid_t>& pids) {
  const Deadline deadline = Deadline::in(quiet_within);
  for (;;) {
    auto undone = conditioner.undo(pids);
    if (undone || undone.error().kind() != ErrorKind::timeout || deadline.passed()) {
      return undone;
    }
    sleep_for(std::chrono::milliseconds(2));
  }
}

Result<void> move_file(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) {
    return fail("renaming " + from.string() + ": " + error.message());
  }
  return {};
}

}  // namespace

Result<void> Conditions::check(pid_t init_pid) {
  auto conditioner = checkpoint::Conditioner::collect(processes_of(init_pid));
  if (!conditioner) {
    return pass(std::move(conditioner).error(), "looking at the daemons' sockets");
  }
  Reasons reasons;
  for (const std::string& obstacle : conditioner->obstacles()) {
    reasons.add(Error("can't be saved: " + obstacle, "use the strategy restart"));
  }
  return std::move(reasons).result();
}

Result<void> Conditions::take(pid_t init_pid) {
  const auto pids = processes_of(init_pid);
  auto conditioner = checkpoint::Conditioner::collect(pids);
  if (!conditioner) {
    return pass(std::move(conditioner).error(), "looking at the daemons' sockets");
  }
  ISSU_TRY(conditioner->save(document_), "writing the daemons' sockets down");
  ISSU_TRY(checkpoint::FlowLock(netns_, owner_).lock(conditioner->flows(), longest_hold),
           "holding back the packets of the sessions");
  auto undone = undo_quietly(*conditioner, pids);
  if (!undone) {
    Error error = std::move(undone).error();
    if (auto given = give_back(init_pid); !given) {
      error.also(std::move(given).error());
    }
    return pass(std::move(error), "undoing what can't be dumped");
  }
  return {};
}

Result<void> Conditions::expect_again() {
  return fs::exists(given()) ? move_file(given(), document_) : Result<void>{};
}

Result<void> Conditions::give_back(pid_t init_pid) {
  Result<void> redone;
  const bool taken = fs::exists(document_);
  if (taken) {
    auto conditioner = checkpoint::Conditioner::load(document_);
    redone = conditioner ? conditioner->redo(processes_of(init_pid))
                         : Result<void>(fail(std::move(conditioner).error()));
    if (redone) {
      redone = move_file(document_, given());
    }
  }
  auto passing = let_through();
  if (passing && taken) {
    checkpoint::nudge_connections(processes_of(init_pid));
  }
  if (!redone) {
    return pass(std::move(redone).error(), "giving back to the daemons what was taken for a dump");
  }
  return passing;
}

Result<void> Conditions::let_through() {
  ISSU_TRY(checkpoint::FlowLock(netns_, owner_).lift(), "letting the sessions' packets through");
  return {};
}

}  // namespace issu::backends::lxc
