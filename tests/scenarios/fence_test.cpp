// The old side is put to sleep, fenced, replaced, and woken: real daemons in real containers, with
// neighbours that would hear of it.

#include <signal.h>

#include "backends/lxc/lxc.hpp"
#include "backends/npu/kernel/kernel_npu.hpp"
#include "tests/scenarios/fence_lab.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::backends;
using namespace issu::tests;

namespace {

/// How the old side sleeps, and what wakes it.
class Sleeper {
 public:
  explicit Sleeper(std::vector<ProcessId> daemons) : daemons_(std::move(daemons)) {}

  void stop() {
    for (const ProcessId& daemon : daemons_) {
      FENCE_OK(send_signal(daemon, SIGSTOP));
    }
  }
  /// Its whole group, process 1 too.
  void freeze() {
    std::ifstream groups("/proc/" + std::to_string(daemons_.front().pid) + "/cgroup");
    for (std::string line; std::getline(groups, line);) {
      const std::string path = line.substr(line.find(':', line.find(':') + 1) + 1);
      if (line.find(":freezer:") != std::string::npos) {
        state_ = "/sys/fs/cgroup/freezer" + path + "/freezer.state";
        break;
      }
      if (line.starts_with("0::")) {
        state_ = "/sys/fs/cgroup" + path + "/cgroup.freeze";
      }
    }
    std::ofstream state(state_);
    state << (state_.filename() == "freezer.state" ? "FROZEN" : "1") << std::flush;
    REQUIRE_MESSAGE(state.good(), state_.string());
  }
  void wake() {
    for (const ProcessId& daemon : daemons_) {
      FENCE_OK(send_signal(daemon, SIGCONT));
    }
    if (!state_.empty() && std::filesystem::exists(state_)) {
      std::ofstream(state_) << (state_.filename() == "freezer.state" ? "THAWED" : "0");
    }
  }
  [[nodiscard]] bool lives() const {
    return std::any_of(daemons_.begin(), daemons_.end(),
                       [](const ProcessId& daemon) { return is_alive(daemon); });
  }

 private:
  std::vector<ProcessId> daemons_;
  std::filesystem::path state_;
};

/// The other slot takes over from one that sleeps; then that one is woken.
void take_over_and_wake(FenceLab& lab, Slot from, std::uint64_t epoch, bool frozen) {
  const Slot to = other(from);
  lab.boot_other(from);
  std::vector<ProcessId> daemons;
  for (const DaemonStatus& daemon : lab.rp->status(from).value().daemons) {
    daemons.push_back(identify(daemon.pid));
  }
  REQUIRE(daemons.size() == 3);
  FENCE_OK(lab.npu->watch());
  FENCE_OK(lab.npu->hold(epoch));
  Sleeper old_side(daemons);
  if (frozen) {
    old_side.freeze();
  } else {
    old_side.stop();
  }
  FENCE_OK(lab.rp->fence(from));
  CHECK_FALSE(old_side.lives());
  FENCE_OK(lab.npu->punt_to(epoch, to));
  FENCE_OK(lab.rp->activate(to));
  lab.converge(to);
  Evidence evidence(lab);

  old_side.wake();
  sleep_for(awake);

  CHECK_FALSE(old_side.lives());
  evidence.check_unchanged(epoch, 400);
  FENCE_OK(lab.npu->release());
  FENCE_OK(lab.rp->power_off(from));
  FENCE_OK(lab.rp->unstage(from));
  FENCE_OK(lab.store->clear(from));
  FENCE_OK(lab.store->set_active({to, epoch}));
}

}  // namespace

TEST_CASE("an old side that slept through its fence is not there when it is woken") {
  if (const std::string why = missing("frr-bookworm"); !why.empty()) {
    ISSU_SKIP(why);
  }
  FenceLab lab(lab_text("frr-bookworm"));
  lab.rp = make_lxc(lab.config->router).value();
  lab.npu = make_kernel_npu(lab.config->router).value();
  take_over_and_wake(lab, Slot::a, 10, false);  // SIGSTOP and SIGCONT
  take_over_and_wake(lab, Slot::b, 20, true);   // a frozen group, thawed
}
