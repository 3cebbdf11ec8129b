// Real FRR in real guests.

#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>

#include "backends/vm/guest_agent.hpp"
#include "backends/vm/vm.hpp"
#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "tests/backends/rp_contract.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;
using namespace issu::backends;
using namespace issu::testing;

namespace {

namespace fs = std::filesystem;

fs::path image(const std::string& release) {
  return fs::path(ISSU_SOURCE_DIR) / "build" / "images" / ("frr-vm-" + release + ".qcow2");
}

/// libvirt keeps it open until the process ends.
const fs::path& run_dir() {
  static const tests::TempDir dir;
  static const fs::path path = dir.path();
  return path;
}

/// A router without ports: its guests are reached through their channels.
class Lab {
 public:
  Lab() {
    spec_.name = "v" + std::to_string(::getpid());
    spec_.suite = "frr";
    spec_.daemons = {"zebra", "bgpd", "staticd"};
    spec_.run_dir = run_dir();
    spec_.config_dir = spec_.run_dir / "config";
    fs::create_directories(spec_.config_dir);
    std::ofstream(spec_.config_dir / "zebra.conf") << "hostname lab\nallow-external-route-update\n";
    std::ofstream(spec_.config_dir / "bgpd.conf") << "router bgp 65000\n bgp router-id 192.0.2.1\n";
    std::ofstream(spec_.config_dir / "staticd.conf") << "ip route 198.51.100.0/24 blackhole\n";
  }
  ~Lab() {
    auto rp = make();
    for (const Slot slot : {Slot::a, Slot::b}) {
      CHECK(rp->power_off(slot).has_value());
      CHECK(rp->unstage(slot).has_value());
    }
  }
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  [[nodiscard]] std::unique_ptr<RouteProcessor> make() const { return std::move(*make_vm(spec_)); }

  [[nodiscard]] RpContract contract() const {
    RpContract contract;
    contract.make = [this] { return make(); };
    contract.payload = {image("bookworm"), "old"};
    contract.other_payload = {image("trixie"), "new"};
    contract.version = "8.4.4";
    contract.other_version = "10.3";
    contract.traces = [this] { return traces(); };
    contract.runs = [this](Slot slot, const DaemonStatus& daemon) {
      return in_guest(slot, {"pidof", daemon.name}).value() == 0;
    };
    contract.kill = [this](Slot slot, const DaemonStatus& daemon) -> Result<void> {
      REQUIRE(in_guest(slot, {"killall", "-9", daemon.name}).value() == 0);
      return {};
    };
    return contract;
  }

 private:
  Result<int> in_guest(Slot slot, std::vector<std::string> words) const {
    auto hypervisor = vm::Hypervisor::open({.uri = {}, .root = spec_.run_dir / "vm", .netns = {}});
    REQUIRE(hypervisor);
    words.insert(words.begin(), "/usr/bin/busybox");
    auto done = vm::GuestAgent(*hypervisor, "issu-" + spec_.name + "-" + name_of(slot))
                    .run(words, std::chrono::seconds(20));
    if (!done) {
      return fail(std::move(done).error());
    }
    return done->exit_code;
  }
  /// QEMU's processes and the slots' folders.
  [[nodiscard]] std::vector<std::string> traces() const {
    std::vector<std::string> found;
    for (const auto& process : fs::directory_iterator("/proc")) {
      const auto line = read_file(process.path() / "cmdline");
      if (line && line->find("issu-" + spec_.name + "-") != std::string::npos) {
        found.push_back(process.path());
      }
    }
    for (const auto& entry : fs::directory_iterator(spec_.run_dir)) {
      if (entry.path().filename().string().starts_with("slot-")) {
        found.push_back(entry.path());
      }
    }
    return found;
  }

  RouterSpec spec_;
};

std::string missing() {
  for (const char* release : {"bookworm", "trixie"}) {
    if (!fs::exists(image(release))) {
      return image(release).string() + " is not there: scenarios/images/build";
    }
  }
  return {};
}

}  // namespace

TEST_CASE("the virtual machine backend with FRR") {
  if (!missing().empty()) {
    ISSU_SKIP(missing());
  }
  Lab lab;
  check_rp_contract(lab.contract());
}

TEST_CASE("a guest's daemons are asked over their channels, again and again") {
  if (!missing().empty()) {
    ISSU_SKIP(missing());
  }
  Lab lab;
  const RpContract contract = lab.contract();
  auto rp = lab.make();
  RP_OK(rp->stage(Slot::a, contract.payload));
  RP_OK(rp->boot(Slot::a));
  for (int life = 0; life < 2; ++life) {
    RP_OK(rp->activate(Slot::a));
    for (int time = 0; time < 3; ++time) {
      const auto view = rp->control_plane(Slot::a);
      REQUIRE(view);
      CHECK(view->answering);
      const auto routes = rp->routes(Slot::a);
      REQUIRE(routes);
      REQUIRE(*routes);
      CHECK((*routes)->size() == 1);
    }
    // The relay lets go of a daemon that has ended, and finds the next one.
    RP_OK(rp->fence(Slot::a));
  }
}
