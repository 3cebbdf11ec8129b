#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "checkpoint/criu.hpp"
#include "checkpoint/flow_lock.hpp"
#include "issu/base/clock.hpp"
#include "tests/backends/lxc/lxc_lab.hpp"
#include "tests/backends/rp_saved_contract.hpp"
#include "tests/checkpoint/variable.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;
using namespace issu::backends;
using namespace issu::testing;

namespace {

std::string missing(const LxcLab& lab) {
  if (!lab.missing().empty()) {
    return lab.missing();
  }
  const auto criu = checkpoint::locate_criu();
  return criu ? "" : criu.error().message();
}

bool is_locked(const LxcLab& lab) {
  auto locked = checkpoint::FlowLock(lab.spec().netns, lab.spec().name).is_locked();
  return locked && *locked;
}

/// Saves and restores in a process of its own and kills it after a while.
void kill_in_the_middle(const LxcLab& lab, int milliseconds) {
  const pid_t pid = fork();
  if (pid == 0) {
    auto rp = lab.make();
    if (rp->prepare_save(Slot::a) && rp->save(Slot::a, Afterwards::gone)) {
      static_cast<void>(rp->restore(Slot::a, Slot::a, Sessions::keep));
    }
    _exit(0);
  }
  REQUIRE(pid > 0);
  sleep_for(std::chrono::milliseconds(milliseconds));
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

}  // namespace

TEST_CASE("the container backend saves and restores FRR") {
  LxcLab lab("frr");
  if (!missing(lab).empty()) {
    ISSU_SKIP(missing(lab));
  }
  check_rp_saved_contract(lab.contract());
}

TEST_CASE("the container backend saves and restores BIRD") {
  LxcLab lab("bird");
  if (!missing(lab).empty()) {
    ISSU_SKIP(missing(lab));
  }
  check_rp_saved_contract(lab.contract());
}

TEST_CASE("a dump that finds no room is told, and the daemons go on as if nothing had happened") {
  LxcLab lab("frr");
  if (!missing(lab).empty()) {
    ISSU_SKIP(missing(lab));
  }
  const RpContract contract = lab.contract();
  auto rp = lab.make();
  rp_brings_up(*rp, Slot::a, contract.payload);
  RP_OK(rp->prepare_save(Slot::a));
  const auto before = daemons_of(*rp, Slot::a);
  const auto store = lab.spec().run_dir / "saved-a";
  std::filesystem::remove(store / "ballast");
  const auto space = std::filesystem::space(store);
  {
    std::ofstream filler(store / "filler", std::ios::binary);
    const std::string block(1 << 20, 'x');
    for (std::uintmax_t left = space.available; left > (2U << 20U); left -= block.size()) {
      filler << block;
    }
  }
  const auto saved = rp->save(Slot::a, Afterwards::gone);
  REQUIRE_FALSE(saved.has_value());
  CHECK(saved.error().message().find("could not be dumped") != std::string::npos);
  const auto after = daemons_of(*rp, Slot::a);
  REQUIRE(after.size() == before.size());
  for (std::size_t index = 0; index < after.size(); ++index) {
    CHECK(after[index].pid == before[index].pid);
    CHECK(after[index].start_ticks == before[index].start_ticks);
  }
  rp_goes_on(contract, Slot::a);
  CHECK_FALSE(rp->status(Slot::a)->saved);
  CHECK_FALSE(is_locked(lab));
  const auto log = lab.spec().run_dir / "lxc" / ("issu-" + lab.spec().name + "-a.dump.log");
  CHECK(std::filesystem::exists(log));
  // With room it works, and what CRIU said of the try before is of no use any more.
  std::filesystem::remove(store / "filler");
  RP_OK(rp->save(Slot::a, Afterwards::gone));
  CHECK_FALSE(std::filesystem::exists(log));
  RP_OK(rp->restore(Slot::a, Slot::a, Sessions::keep));
  rp_goes_on(contract, Slot::a);
  rp_takes_down(contract);
}

TEST_CASE("a CRIU that passes its own check and can't dump is told before anything is touched") {
  LxcLab lab("frr");
  if (!missing(lab).empty()) {
    ISSU_SKIP(missing(lab));
  }
  const RpContract contract = lab.contract();
  auto rp = lab.make();
  rp_brings_up(*rp, Slot::a, contract.payload);
  RP_OK(rp->check_save(Slot::a));
  {
    const tests::TempDir prefix;
    std::filesystem::create_directories(prefix / "bin");
    std::ofstream(prefix / "bin/criu")
        << "#!/bin/sh\n"
           "case $1 in --version) echo 'Version: 4.1.1';; check) ;;\n"
           "*) echo 'Error (sockets.c:1): getsockopt(1,16): Operation not supported'; exit 1;; "
           "esac\n";
    std::filesystem::permissions(prefix / "bin/criu", std::filesystem::perms::owner_all);
    const tests::Variable place("ISSU_CRIU_PREFIX", prefix.path());
    const auto refused = rp->check_save(Slot::a);
    REQUIRE_FALSE(refused.has_value());
    const std::string told = refused.error().message();
    INFO(told);
    for (const char* word : {"4.1.1", "bin/criu", "can't dump a child", "getsockopt(1,16)"}) {
      CHECK_MESSAGE(told.find(word) != std::string::npos, word);
    }
  }
  rp_goes_on(contract, Slot::a);
  rp_takes_down(contract);
}

TEST_CASE("a caller that is killed while it saves or restores leaves what the next one ends") {
  LxcLab lab("frr");
  if (!missing(lab).empty()) {
    ISSU_SKIP(missing(lab));
  }
  const RpContract contract = lab.contract();
  rp_brings_up(*lab.make(), Slot::a, contract.payload);
  for (const int milliseconds : {5, 60, 120, 150, 180, 210, 240, 270, 300, 340, 380, 430, 500}) {
    CAPTURE(milliseconds);
    kill_in_the_middle(lab, milliseconds);
    auto rp = lab.make();
    RP_OK(rp->save(Slot::a, Afterwards::gone));
    RP_OK(rp->restore(Slot::a, Slot::a, Sessions::keep));
    rp_goes_on(contract, Slot::a);
    CHECK_FALSE(is_locked(lab));
  }
  rp_takes_down(contract);
}

TEST_CASE("containers run, are saved and restored where no program may be run from run_dir") {
  LxcLab lab("frr");
  if (!missing(lab).empty()) {
    ISSU_SKIP(missing(lab));
  }
  lab.forbid_programs();
  const RpContract contract = lab.contract();
  auto rp = lab.make();
  RP_OK(rp->check());
  rp_brings_up(*rp, Slot::a, contract.payload);
  RP_OK(rp->stage(Slot::b, contract.payload));
  RP_OK(rp->check_same(Slot::a, contract.payload.file));
  RP_OK(rp->save(Slot::a, Afterwards::gone));
  RP_OK(rp->restore(Slot::a, Slot::b, Sessions::keep));
  rp_goes_on(contract, Slot::b);
  for (const auto slot : {Slot::a, Slot::b}) {
    RP_OK(rp->power_off(slot));
    RP_OK(rp->unstage(slot));
  }
  lab.allow_programs();
  rp_left_nothing(contract);
}
