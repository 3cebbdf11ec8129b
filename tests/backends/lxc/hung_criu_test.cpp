#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>

#include "checkpoint/criu.hpp"
#include "checkpoint/flow_lock.hpp"
#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "tests/backends/lxc/lxc_lab.hpp"
#include "tests/checkpoint/variable.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;
using namespace issu::backends;
using namespace issu::testing;
namespace fs = std::filesystem;

namespace {

/// A CRIU in the place of the set-up's, for the time of its life: it asks before a dump as the real
/// one does, and then never ends.
class HungCriu {
 public:
  explicit HungCriu(const fs::path& real) {
    fs::create_directories(program().parent_path());
    std::ofstream(program()) << "#!/bin/sh\n"
                                "[ \"$1\" = dump ] || exec "
                             << real.string()
                             << " \"$@\"\n"
                                "CRTOOLS_SCRIPT_ACTION=pre-dump \"${PATH%%:*}/criu\" || exit 1\n"
                                "echo $$ > "
                             << pid_file().string()
                             << "\n"
                                "exec sleep 600\n";
    fs::permissions(program(), fs::perms::owner_all);
  }

  /// Of the one that hangs; 0: none was started.
  [[nodiscard]] pid_t pid() const {
    return static_cast<pid_t>(std::strtol(read_file(pid_file()).value_or("").c_str(), nullptr, 10));
  }

 private:
  [[nodiscard]] fs::path program() const { return dir_.path() / "bin/criu"; }
  [[nodiscard]] fs::path pid_file() const { return dir_.path() / "pid"; }
  tests::TempDir dir_;
  tests::Variable prefix_{"ISSU_CRIU_PREFIX", dir_.path()};
};

}  // namespace

TEST_CASE("a CRIU that hangs is ended, its container too, and the slot starts anew") {
  LxcLab lab("frr");
  if (!lab.missing().empty()) {
    ISSU_SKIP(lab.missing());
  }
  const auto criu = checkpoint::locate_criu();
  if (!criu) {
    ISSU_SKIP(criu.error().message());
  }
  const RpContract contract = lab.contract();
  auto rp = lab.make();
  RP_OK(rp->stage(Slot::a, contract.payload));
  RP_OK(rp->boot(Slot::a));
  RP_OK(rp->activate(Slot::a));
  const auto daemons = daemons_of(*rp, Slot::a);
  {
    const HungCriu hung(criu->program);
    RP_OK(rp->prepare_save(Slot::a));
    const auto saved = rp->save(Slot::a, Afterwards::gone);
    REQUIRE_FALSE(saved);
    INFO(saved.error().message());
    CHECK(saved.error().kind() == ErrorKind::timeout);
    CHECK(saved.error().message().find("CRIU did not end within") != std::string::npos);
    REQUIRE(hung.pid() != 0);
    CHECK_FALSE(is_alive(identify(hung.pid())));
  }
  CHECK_FALSE(any_alive(daemons));
  CHECK_FALSE(*checkpoint::FlowLock(lab.spec().netns, lab.spec().name).is_locked());
  const auto status = rp->status(Slot::a);
  REQUIRE(status);
  CHECK(status->power == SlotPower::staged);
  CHECK_FALSE(status->saved);
  RP_OK(rp->boot(Slot::a));
  RP_OK(rp->activate(Slot::a));
  CHECK(rp->control_plane(Slot::a)->answering);
  RP_OK(rp->forget_saved(Slot::a));
  RP_OK(rp->power_off(Slot::a));
  RP_OK(rp->unstage(Slot::a));
  rp_left_nothing(contract);
}
