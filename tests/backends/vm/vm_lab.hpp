#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>

#include "backends/vm/vm.hpp"
#include "issu/base/file.hpp"
#include "tests/backends/rp_contract.hpp"
#include "tests/backends/vm/guest_look.hpp"
#include "tests/backends/vm/guest_watch.hpp"
#include "tests/temp_dir.hpp"

namespace issu::testing {

/// A payload of scenarios/images: "frr-vm-bookworm.qcow2".
inline std::filesystem::path image(const std::string& file) {
  return std::filesystem::path(ISSU_SOURCE_DIR) / "build" / "images" / file;
}

/// What of these payloads is not there; empty: all are.
inline std::string missing_images(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    if (!std::filesystem::exists(image(file))) {
      return image(file).string() + " is not there: scenarios/images/build";
    }
  }
  return {};
}

/// libvirt keeps it open until the process ends.
inline const std::filesystem::path& run_dir() {
  static const tests::TempDir dir;
  static const std::filesystem::path path = dir.path();
  return path;
}

/// A router without ports: its guests are reached through their channels.
class VmLab {
 public:
  VmLab() {
    guests_die_with_us(run_dir());
    spec_.name = "v" + std::to_string(::getpid());
    spec_.suite = "frr";
    spec_.daemons = {"zebra", "bgpd", "staticd"};
    spec_.run_dir = run_dir();
    spec_.config_dir = spec_.run_dir / "config";
    std::filesystem::create_directories(spec_.config_dir);
    std::ofstream(spec_.config_dir / "zebra.conf") << "hostname lab\nallow-external-route-update\n";
    std::ofstream(spec_.config_dir / "bgpd.conf") << "router bgp 65000\n bgp router-id 192.0.2.1\n";
    std::ofstream(spec_.config_dir / "staticd.conf") << "ip route 198.51.100.0/24 blackhole\n";
  }
  ~VmLab() {
    auto rp = make();
    for (const backends::Slot slot : {backends::Slot::a, backends::Slot::b}) {
      CHECK(rp->power_off(slot).has_value());
      CHECK(rp->unstage(slot).has_value());
    }
  }
  VmLab(const VmLab&) = delete;
  VmLab& operator=(const VmLab&) = delete;

  [[nodiscard]] std::unique_ptr<backends::RouteProcessor> make() const {
    return std::move(*backends::make_vm(spec_));
  }
  /// KVM by name, from here on.
  void ask_for_kvm() { spec_.vm.accelerator = "kvm"; }

  [[nodiscard]] RpContract contract() const {
    RpContract contract;
    contract.make = [this] { return make(); };
    contract.payload = {image("frr-vm-bookworm.qcow2"), "old"};
    contract.other_payload = {image("frr-vm-trixie.qcow2"), "new"};
    contract.version = "8.4.4";
    contract.other_version = "10.3";
    contract.traces = [this] { return traces_of(spec_.run_dir, "issu-" + spec_.name + "-"); };
    contract.runs = [this](backends::Slot slot, const backends::DaemonStatus& daemon) {
      return in_guest(slot, {"pidof", daemon.name}).value() == 0;
    };
    contract.kill = [this](backends::Slot slot,
                           const backends::DaemonStatus& daemon) -> Result<void> {
      REQUIRE(in_guest(slot, {"killall", "-9", daemon.name}).value() == 0);
      return {};
    };
    return contract;
  }

  /// The exit code of a program of busybox.
  Result<int> in_guest(backends::Slot slot, const std::vector<std::string>& words) const {
    return busybox_in(spec_.run_dir, {}, "issu-" + spec_.name + "-" + backends::name_of(slot),
                      words);
  }

 private:
  backends::RouterSpec spec_;
};

}  // namespace issu::testing
