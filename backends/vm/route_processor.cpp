#include "backends/vm/route_processor.hpp"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "backends/suite/slot_parts.hpp"
#include "backends/vm/accelerator.hpp"
#include "backends/vm/foreign.hpp"
#include "backends/vm/payload.hpp"
#include "backends/vm/vm.hpp"
#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "issu/base/reasons.hpp"

namespace issu::backends {
namespace {

namespace fs = std::filesystem;

/// Under QEMU's own processor, on a machine that does other work too: 3 to 5 s on an idle one.
constexpr std::chrono::seconds boots_within{90};
constexpr std::chrono::seconds init_comes_up_within{20};
/// As in the images' own boot loader (scenarios/images/lib/guest.sh). A panic ends the machine.
constexpr const char* kernel_command_line = "console=ttyS0 quiet panic=-1";

std::string note_of(const StagedPayload& payload) {
  return payload.version + "\n" + payload.file.string() + "\n" + payload.kernel.string() + "\n";
}

}  // namespace

std::string VmRouteProcessor::label(Slot slot) const {
  return "slot " + std::string(name_of(slot)) + " of " + spec_.name;
}

Result<std::vector<vm::GuestLink>> VmRouteProcessor::links(Slot slot, bool plugged) const {
  std::vector<vm::GuestLink> links;
  for (std::size_t n = 0; n < spec_.ports.size(); ++n) {
    auto mac = vm::mac_of(spec_, n);
    if (!mac) {
      return fail(std::move(mac).error());
    }
    links.push_back({"punt" + std::to_string(n) + name_of(slot), std::move(*mac), plugged});
  }
  return links;
}

Result<vm::Domain> VmRouteProcessor::domain(Slot slot) const {
  const auto where = files(slot);
  vm::Domain domain;
  domain.name = name_for(slot);
  domain.accelerator = vm::accelerator_of(spec_);
  domain.memory_mib = spec_.vm.memory_mib;
  domain.vcpus = spec_.vm.vcpus;
  domain.cpus = spec_.vm.cpus;
  domain.machine = spec_.vm.machine;
  domain.disk = where.disk();
  domain.config_disk = where.config_disk();
  domain.serial_log = where.serial_log();
  if (domain.accelerator == vm::Accelerator::tcg) {
    domain.without = vm::unsafe_under_tcg();
  }
  domain.channels = vm::channels_of(spec_, suite_, where);
  if (fs::exists(where.kernel())) {
    const vm::KernelFiles kernel = vm::kernel_files(where.kernel());
    domain.boot = vm::DirectBoot{kernel.kernel, kernel.initrd, kernel_command_line};
  }
  auto unplugged = links(slot, false);
  if (!unplugged) {
    return fail(std::move(unplugged).error());
  }
  domain.links = std::move(*unplugged);
  return domain;
}

Result<vm::Hypervisor*> VmRouteProcessor::hypervisor(Slot slot) {
  auto& connection = hypervisors_[static_cast<std::size_t>(slot)];
  // A daemon that was started anew has to be connected to again.
  if (!connection || !connection->alive()) {
    vm::HypervisorPlace place;
    place.uri = slot == Slot::b && !spec_.vm.uri_b.empty() ? spec_.vm.uri_b : spec_.vm.uri;
    place.root = spec_.run_dir / "vm";
    if (!spec_.ports.empty()) {
      place.netns = NetNs::path_of(spec_.npu_netns());
    }
    auto opened = vm::Hypervisor::open(place);
    if (!opened) {
      return fail(std::move(opened).error());
    }
    connection.emplace(std::move(*opened));
  }
  return &*connection;
}

Result<vm::Power> VmRouteProcessor::power(Slot slot) {
  auto connection = hypervisor(slot);
  if (!connection) {
    return fail(std::move(connection).error());
  }
  return (*connection)->power(name_for(slot));
}

Result<std::string> VmRouteProcessor::in_guest(Slot slot, const std::vector<std::string>& argv,
                                               std::chrono::seconds timeout) {
  auto connection = hypervisor(slot);
  if (!connection) {
    return fail(std::move(connection).error());
  }
  auto done = vm::GuestAgent(**connection, name_for(slot)).run(argv, timeout);
  if (!done) {
    return fail(std::move(done).error());
  }
  if (done->exit_code != 0) {
    return fail(argv[0] + " in " + label(slot) + " ended with " + std::to_string(done->exit_code) +
                ": " + done->errors.substr(0, 400));
  }
  return std::move(done->output);
}

Result<std::string> VmRouteProcessor::ask_init(Slot slot, const std::string& command,
                                               std::chrono::seconds timeout) {
  return in_guest(slot, {vm::guest_init, "ask", vm::guest_control, command}, timeout);
}

Result<void> VmRouteProcessor::check() {
  Reasons reasons;
  if (::geteuid() != 0) {
    reasons.add(Error("this takes root", "run it as root"));
  }
  for (const char* program : {"qemu-system-x86_64", "qemu-img", "mksquashfs", "unsquashfs"}) {
    if (auto found = run({program, "--version"}); !found) {
      reasons.add(Error(std::string(program) + " is not installed", "scenarios/setup installs it"));
    }
  }
  reasons.add_if(vm::check_accelerator(spec_));
  reasons.add_if(vm::check_processors(spec_));
  if (auto fits = suite_.check_config(spec_.config_dir, spec_.daemons, spec_.npu.takes_fpm());
      !fits) {
    reasons.add(std::move(fits).error());
  }
  // libvirt's driver is opened in the ports' namespace, which a router that is not up has not yet.
  const bool can_open = spec_.ports.empty() || NetNs::exists(spec_.npu_netns());
  for (const Slot slot : {Slot::a, Slot::b}) {
    const bool its_own = slot == Slot::a || !spec_.vm.uri_b.empty();
    if (auto connection = can_open && its_own ? hypervisor(slot) : nullptr; !connection) {
      reasons.add(std::move(connection).error());
    }
  }
  return std::move(reasons).result();
}

Result<void> VmRouteProcessor::stage(Slot slot, const StagedPayload& payload) {
  const auto where = files(slot);
  const std::string note = note_of(payload);
  if (fs::exists(where.disk())) {
    const auto staged = read_file(where.payload_note());
    if (!staged || *staged != note) {
      return fail(label(slot) + " holds another payload", "unstage it first");
    }
    return {};
  }
  const std::string what = "staging " + label(slot);
  ISSU_TRY(vm::check_disk(payload.file), what);
  ISSU_TRY(make_dirs(where.run(), 0755), what);
  ISSU_TRY(write_file_atomic(where.payload_note(), note), what);
  if (payload.kernel.empty()) {
    ISSU_TRY(remove_tree(where.kernel()), what);
  } else {
    ISSU_TRY(vm::extract_kernel(payload.kernel, where.kernel()), what);
  }
  const fs::path fresh = where.folder / "disk.new";
  // By a name beside it: the same disk is good in the other slot, too (`migrate`).
  std::error_code error;
  fs::remove(where.base(), error);
  fs::create_symlink(payload.file, where.base(), error);
  if (error) {
    return fail(what + ": " + error.message());
  }
  ISSU_TRY(run_checked({"qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b",
                        where.base().filename().string(), fresh.string()}),
           what);
  fs::rename(fresh, where.disk(), error);
  return error ? Result<void>(fail(what + ": " + error.message())) : Result<void>();
}

Result<void> VmRouteProcessor::prepare_guest(Slot slot) {
  // Listed once: a question to the guest takes as long as a program there.
  auto listed = in_guest(slot,
                         {"/usr/bin/busybox", "sh", "-c",
                          "/usr/bin/busybox find /usr/lib/frr /usr/libexec /usr/sbin "
                          "/usr/local/sbin -maxdepth 2 2>/dev/null; :"},
                         answers_within);
  if (!listed) {
    return pass(std::move(listed).error(), "looking for the guest's programs");
  }
  std::set<std::string> programs;
  std::istringstream lines(*listed);
  for (std::string line; std::getline(lines, line);) {
    programs.insert(line);
  }
  auto plan = suite_.plan([&](const std::string& path) { return programs.contains(path); },
                          spec_.daemons, spec_.npu.takes_fpm());
  auto list = plan ? init::format_plan(*plan) : fail(std::move(plan).error());
  if (!list) {
    return fail(std::move(list).error());
  }
  ISSU_TRY(in_guest(slot, {vm::guest_prepare, *list}, answers_within), "preparing the guest");
  if (!wait_until([&] { return ask_init(slot, "status", answers_within).has_value(); },
                  Deadline::in(init_comes_up_within), std::chrono::milliseconds(50))) {
    return fail("issu-init in " + label(slot) + " does not answer");
  }
  return {};
}

Result<void> VmRouteProcessor::boot(Slot slot) {
  const auto where = files(slot);
  const std::string what = "booting " + label(slot);
  if (!fs::exists(where.disk())) {
    return fail(label(slot) + " has no image", "stage one first");
  }
  auto now = power(slot);
  if (!now) {
    return pass(std::move(now).error(), what);
  }
  if (*now == vm::Power::running && ask_init(slot, "status", answers_within)) {
    return {};
  }
  auto connection = hypervisor(slot);
  // Whatever half of a guest an earlier call left behind goes first.
  ISSU_TRY((*connection)->destroy(name_for(slot)), what);
  ISSU_TRY(vm::write_config_disk(spec_, suite_, where), what);
  auto machine = domain(slot);
  if (!machine) {
    return pass(std::move(machine).error(), what);
  }
  if (auto started = (*connection)->start(*machine); !started) {
    return pass(vm::under_accelerator(spec_, std::move(started).error()), what);
  }
  auto up = vm::GuestAgent(**connection, name_for(slot)).wait(boots_within);
  if (up) {
    up = prepare_guest(slot);
  }
  return up ? up
            : pass(vm::under_accelerator(spec_, told_by_guest(slot, std::move(up).error())), what);
}

Result<void> VmRouteProcessor::power_off(Slot slot) {
  if (!fs::exists(files(slot).folder)) {
    return {};
  }
  auto connection = hypervisor(slot);
  if (!connection) {
    return fail(std::move(connection).error());
  }
  ISSU_TRY((*connection)->destroy(name_for(slot)), "powering off " + label(slot));
  return {};
}

Result<void> VmRouteProcessor::unstage(Slot slot) {
  const auto where = files(slot);
  if (!fs::exists(where.folder)) {
    return {};
  }
  auto now = power(slot);
  if (!now) {
    return fail(std::move(now).error());
  }
  if (*now == vm::Power::running || *now == vm::Power::paused) {
    return fail(label(slot) + " is running", "power it off first");
  }
  auto connection = hypervisor(slot);
  ISSU_TRY((*connection)->destroy(name_for(slot)), "unstaging " + label(slot));
  ISSU_TRY(remove_tree(where.folder), "unstaging " + label(slot));
  return {};
}

Result<SlotStatus> VmRouteProcessor::status(Slot slot) {
  SlotStatus status;
  if (!fs::exists(files(slot).disk())) {
    return status;
  }
  status.saved = is_saved(slot);
  status.power = SlotPower::staged;
  auto now = power(slot);
  if (!now) {
    return fail(std::move(now).error());
  }
  if (*now == vm::Power::paused) {
    status.power = SlotPower::active;
    status.paused = true;
    return status;
  }
  const auto answer =
      *now == vm::Power::running ? ask_status(slot) : Result<std::string>(fail("it does not run"));
  if (!answer) {
    return status;
  }
  const auto first = std::min(answer->find('\n'), answer->size());
  status.kernel = answer->substr(0, first);
  const init::InitStatus said =
      init::parse_status(answer->substr(std::min(first + 1, answer->size())));
  auto plugged = hypervisor(slot).value()->plugged(name_for(slot));
  if (!plugged) {
    return fail(std::move(plugged).error());
  }
  status.power = said.held ? SlotPower::booted : *plugged ? SlotPower::active : SlotPower::warm;
  for (const init::InitDaemon& daemon : said.daemons) {
    if (said.held) {
      break;
    }
    DaemonStatus line;
    line.name = daemon.name;
    line.running = daemon.inner_pid != 0;
    line.pid = daemon.inner_pid;
    line.exits = daemon.exits;
    line.last_end = daemon.last_end;
    status.daemons.push_back(std::move(line));
  }
  return status;
}

Result<void> VmRouteProcessor::need_active(Slot slot) {
  const auto now = status(slot);
  if (!now) {
    return fail(now.error());
  }
  if (now->power == SlotPower::staged &&
      power(slot).value_or(vm::Power::off) == vm::Power::running) {
    return fail(label(slot) + " runs, and its guest agent does not answer",
                "it may be slow, or have hung: see " + files(slot).serial_log().string(),
                ErrorKind::timeout);
  }
  if (now->power < SlotPower::warm) {
    return fail(label(slot) + " is not active", "activate it first");
  }
  if (now->paused) {
    return fail(label(slot) + " is paused", "resume it first");
  }
  return {};
}

Result<ControlPlaneView> VmRouteProcessor::control_plane(Slot slot) {
  // The daemons have channels of their own: that the agent is silent, as for a while after a move,
  // does not mean that they are.
  if (auto active = need_active(slot); !active && active.error().kind() != ErrorKind::timeout) {
    return pass(std::move(active).error(), "asking the control plane");
  }
  return suite_.view(files(slot).run(), spec_.daemons);
}

Result<std::optional<std::vector<state_sync::Prefix>>> VmRouteProcessor::routes(Slot slot) {
  ISSU_TRY(need_active(slot), "asking for the routes");
  return suite_.routes(files(slot).run(), spec_.daemons);
}

Result<std::unique_ptr<RouteProcessor>> make_vm(const RouterSpec& spec) {
  auto suite = suite_of(spec);
  if (!suite) {
    return fail(std::move(suite).error());
  }
  auto ours = std::make_unique<VmRouteProcessor>(spec, **suite);
  if (spec.vm.foreign) {
    return std::make_unique<ForeignRouteProcessor>(spec, std::move(ours));
  }
  return ours;
}

}  // namespace issu::backends
