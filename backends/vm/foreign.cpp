#include "backends/vm/foreign.hpp"

#include <unistd.h>

#include "backends/vm/accelerator.hpp"
#include "backends/vm/foreign_links.hpp"
#include "backends/vm/serial_log.hpp"
#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "issu/base/reasons.hpp"

namespace issu::backends {
namespace {

constexpr std::chrono::milliseconds look_interval{100};

}  // namespace

std::string ForeignRouteProcessor::label(Slot slot) const {
  return "slot " + std::string(name_of(slot)) + " of " + spec_.name;
}

std::string ForeignRouteProcessor::machine(Slot slot) const {
  return "issu-" + spec_.name + "-" + name_of(slot);
}

Result<vm::Hypervisor*> ForeignRouteProcessor::hypervisor() {
  if (!hypervisor_ || !hypervisor_->alive()) {
    auto opened = vm::Hypervisor::open({.uri = spec_.vm.uri,
                                        .root = spec_.run_dir / "vm",
                                        .netns = NetNs::path_of(spec_.npu_netns())});
    if (!opened) {
      return fail(std::move(opened).error());
    }
    hypervisor_.emplace(std::move(*opened));
  }
  return &*hypervisor_;
}

Result<vm::Power> ForeignRouteProcessor::power(Slot slot) {
  auto connection = hypervisor();
  return connection ? (*connection)->power(machine(slot)) : fail(std::move(connection).error());
}

Result<std::vector<vm::GuestLink>> ForeignRouteProcessor::links(Slot slot, bool plugged) const {
  std::vector<vm::GuestLink> links;
  for (std::size_t n = 0; n < spec_.ports.size(); ++n) {
    auto mac = vm::mac_of(spec_, n);
    if (!mac) {
      return fail(std::move(mac).error());
    }
    links.push_back({"punt" + std::to_string(n) + name_of(slot), std::move(*mac), plugged});
  }
  links.push_back(vm::management_link(slot, plugged));
  return links;
}

Result<void> ForeignRouteProcessor::check() {
  Reasons reasons;
  if (::geteuid() != 0) {
    reasons.add(Error("this takes root", "run it as root"));
  }
  for (const Argv& question :
       {Argv{"qemu-system-x86_64", "--version"}, Argv{"qemu-img", "--version"},
        Argv{"bird", "--version"}, Argv{"ss", "-V"}}) {
    if (auto found = run(question); !found) {
      reasons.add(Error(question[0] + " is not installed", "scenarios/setup installs it"));
    }
  }
  reasons.add_if(vm::check_accelerator(spec_));
  reasons.add_if(vm::check_processors(spec_));
  // libvirt's driver is opened in the ports' namespace, which a router that is not up has not yet.
  if (NetNs::exists(spec_.npu_netns())) {
    if (auto connection = hypervisor(); !connection) {
      reasons.add(std::move(connection).error());
    }
  }
  return std::move(reasons).result();
}

Result<void> ForeignRouteProcessor::stage(Slot slot, const StagedPayload& payload) {
  return disks_->stage(slot, payload);
}

Result<void> ForeignRouteProcessor::boot(Slot slot) {
  if (!std::filesystem::exists(vm::GuestFiles(spec_, slot).disk())) {
    return fail(label(slot) + " has no image", "stage one first");
  }
  ISSU_TRY(vm::raise_foreign_links(spec_), "making " + label(slot) + " ready");
  return {};
}

Result<void> ForeignRouteProcessor::start(Slot slot) {
  ISSU_TRY(boot(slot), "starting " + label(slot));
  auto now = power(slot);
  if (!now) {
    return fail(std::move(now).error());
  }
  if (*now == vm::Power::running) {
    return {};
  }
  if (*now == vm::Power::paused) {
    return fail(label(slot) + " is paused", "resume it first");
  }
  const vm::GuestFiles where(spec_, slot);
  vm::Domain domain;
  domain.name = machine(slot);
  domain.accelerator = vm::accelerator_of(spec_);
  domain.memory_mib = spec_.vm.memory_mib;
  domain.vcpus = spec_.vm.vcpus;
  domain.cpus = spec_.vm.cpus;
  domain.machine = spec_.vm.machine;
  domain.disk = where.disk();
  domain.config_disk = spec_.vm.foreign->config_disk;
  domain.serial_log = where.serial_log();
  domain.agent = false;
  if (domain.accelerator == vm::Accelerator::tcg) {
    domain.without = vm::unsafe_under_tcg();
  }
  auto unplugged = links(slot, false);
  if (!unplugged) {
    return fail(std::move(unplugged).error());
  }
  domain.links = std::move(*unplugged);
  auto connection = hypervisor();
  // The console of another start is not what is waited for.
  std::error_code ignored;
  std::filesystem::remove(where.serial_log(), ignored);
  ISSU_TRY((*connection)->destroy(domain.name), "starting " + label(slot));
  auto started = (*connection)->start(domain);
  return started ? started : fail(vm::under_accelerator(spec_, std::move(started).error()));
}

Result<void> ForeignRouteProcessor::wait_ready(Slot slot) {
  const ForeignGuest& guest = *spec_.vm.foreign;
  const auto log = vm::GuestFiles(spec_, slot).serial_log();
  const Deadline deadline =
      Deadline::in(std::chrono::milliseconds(static_cast<std::int64_t>(guest.ready_s * 1000)));
  for (;;) {
    const auto said = read_file(log);
    if (guest.ready.empty() || (said && said->find(guest.ready) != std::string::npos)) {
      return {};
    }
    auto now = power(slot);
    if (!now) {
      return fail(std::move(now).error());
    }
    if (*now != vm::Power::running) {
      return fail(label(slot) + " went away while it started: " + vm::told_by_serial(log));
    }
    if (deadline.passed()) {
      return fail(label(slot) + " did not say \"" + guest.ready + "\" within " +
                      std::to_string(static_cast<int>(guest.ready_s)) + " s; " +
                      vm::told_by_serial(log),
                  "vm.foreign.ready in router.toml is what its console says once it is up");
    }
    sleep_for(look_interval);
  }
}

Result<void> ForeignRouteProcessor::plug_in(Slot slot) {
  auto connection = hypervisor();
  if (!connection) {
    return fail(std::move(connection).error());
  }
  auto plugged = (*connection)->plugged(machine(slot));
  if (!plugged) {
    return fail(std::move(plugged).error());
  }
  if (!*plugged) {
    // A session that the collector still has is the other guest's.
    ISSU_TRY(vm::set_management(spec_, other(slot), false), "the other slot's management link");
    ISSU_TRY(collector_.drop_session(), "the other slot's session");
    auto wanted = links(slot, true);
    if (!wanted) {
      return fail(std::move(wanted).error());
    }
    ISSU_TRY(vm::set_management(spec_, slot, true), "its management link");
    ISSU_TRY((*connection)->plug(machine(slot), *wanted), "its links");
  }
  return collector_.start();
}

Result<void> ForeignRouteProcessor::unplug(Slot slot) {
  auto connection = hypervisor();
  auto unwanted = connection ? links(slot, false) : fail(std::move(connection).error());
  if (!unwanted) {
    return fail(std::move(unwanted).error());
  }
  // First what the other slot is not to wait for.
  ISSU_TRY((*connection)->plug(machine(slot), *unwanted), "its links");
  return vm::set_management(spec_, slot, false);
}

Result<void> ForeignRouteProcessor::activate(Slot slot) {
  const std::string what = "activating " + label(slot);
  ISSU_TRY(start(slot), what);
  ISSU_TRY(plug_in(slot), what);
  ISSU_TRY(wait_ready(slot), what);
  return {};
}

Result<void> ForeignRouteProcessor::warm(Slot slot) {
  const std::string what = "warming up " + label(slot);
  ISSU_TRY(start(slot), what);
  ISSU_TRY(wait_ready(slot), what);
  return {};
}

Result<void> ForeignRouteProcessor::pause(Slot slot) {
  auto now = power(slot);
  if (!now) {
    return fail(std::move(now).error());
  }
  if (*now != vm::Power::running && *now != vm::Power::paused) {
    return fail(label(slot) + " does not run",
                "see " + vm::GuestFiles(spec_, slot).serial_log().string());
  }
  if (*now == vm::Power::running) {
    ISSU_TRY((*hypervisor())->pause(machine(slot)), "pausing " + label(slot));
  }
  return unplug(slot);
}

Result<void> ForeignRouteProcessor::resume(Slot slot) {
  auto now = power(slot);
  if (!now) {
    return fail(std::move(now).error());
  }
  if (*now != vm::Power::running && *now != vm::Power::paused) {
    return fail(label(slot) + " does not run",
                "see " + vm::GuestFiles(spec_, slot).serial_log().string());
  }
  if (*now == vm::Power::paused) {
    ISSU_TRY((*hypervisor())->resume(machine(slot)), "resuming " + label(slot));
  }
  return plug_in(slot);
}

Result<void> ForeignRouteProcessor::fence(Slot slot) {
  ISSU_TRY(vm::set_management(spec_, slot, false), "fencing " + label(slot));
  auto connection = hypervisor();
  if (!connection) {
    return fail(std::move(connection).error());
  }
  ISSU_TRY((*connection)->destroy(machine(slot)), "fencing " + label(slot));
  return {};
}

Result<void> ForeignRouteProcessor::power_off(Slot slot) {
  if (NetNs::exists(spec_.npu_netns())) {
    ISSU_TRY(fence(slot), "powering off " + label(slot));
    auto others = power(other(slot));
    if (!others) {
      return fail(std::move(others).error());
    }
    if (*others == vm::Power::running || *others == vm::Power::paused) {
      return {};
    }
  }
  return collector_.end();
}

Result<void> ForeignRouteProcessor::unstage(Slot slot) {
  return disks_->unstage(slot);
}

Result<SlotStatus> ForeignRouteProcessor::status(Slot slot) {
  SlotStatus status;
  if (!std::filesystem::exists(vm::GuestFiles(spec_, slot).disk())) {
    return status;
  }
  status.power = SlotPower::staged;
  auto now = power(slot);
  if (!now) {
    return fail(std::move(now).error());
  }
  if (*now == vm::Power::paused) {
    status.power = SlotPower::active;
    status.paused = true;
  } else if (*now == vm::Power::running) {
    auto plugged = (*hypervisor())->plugged(machine(slot));
    if (!plugged) {
      return fail(std::move(plugged).error());
    }
    status.power = *plugged ? SlotPower::active : SlotPower::warm;
  }
  return status;
}

Result<ControlPlaneView> ForeignRouteProcessor::control_plane(Slot slot) {
  auto now = status(slot);
  if (!now) {
    return fail(std::move(now).error());
  }
  if (now->power < SlotPower::warm || now->paused) {
    return fail(label(slot) + (now->paused ? " is paused" : " is not active"),
                now->paused ? "resume it first" : "activate it first");
  }
  if (now->power == SlotPower::warm) {
    return ControlPlaneView{};  // nobody hears it
  }
  return collector_.view();
}

Result<std::optional<std::vector<state_sync::Prefix>>> ForeignRouteProcessor::routes(Slot slot) {
  auto now = status(slot);
  if (!now) {
    return fail(std::move(now).error());
  }
  if (now->power != SlotPower::active || now->paused) {
    return fail(label(slot) + " is not active", "activate it first");
  }
  auto heard = collector_.routes();
  return heard ? Result<std::optional<std::vector<state_sync::Prefix>>>(std::move(*heard))
               : fail(std::move(heard).error());
}

}  // namespace issu::backends
