// What VmRouteProcessor does with a guest that runs: its daemons, its links, standing still.

#include "backends/vm/host_memory.hpp"
#include "backends/vm/route_processor.hpp"
#include "issu/base/file.hpp"

namespace issu::backends {
namespace {

constexpr std::chrono::seconds daemons_start_within{180};

}  // namespace

Result<void> VmRouteProcessor::plug(Slot slot, bool plugged) {
  auto connection = hypervisor(slot);
  auto wanted = connection ? links(slot, plugged) : fail(std::move(connection).error());
  if (!wanted) {
    return fail(std::move(wanted).error());
  }
  return (*connection)->plug(name_for(slot), *wanted);
}

Result<void> VmRouteProcessor::start_daemons(Slot slot) {
  auto now = power(slot);
  if (!now) {
    return fail(std::move(now).error());
  }
  if (*now != vm::Power::running) {
    return fail(label(slot) + (*now == vm::Power::paused ? " is paused" : " is not booted"),
                *now == vm::Power::paused ? "resume it first" : "boot it first");
  }
  auto answer = ask_init(slot, "start", daemons_start_within);
  auto started = answer ? init::parse_start(*answer) : fail(std::move(answer).error());
  return started ? Result<void>()
                 : Result<void>(fail(told_by_daemon(slot, std::move(started).error())));
}

Result<void> VmRouteProcessor::activate(Slot slot) {
  // The links first: daemons that run already have their sessions the sooner.
  if (auto now = power(slot); now && *now == vm::Power::running) {
    ISSU_TRY(plug(slot, true), "activating " + label(slot));
  }
  ISSU_TRY(start_daemons(slot), "activating " + label(slot));
  return {};
}

Result<void> VmRouteProcessor::warm(Slot slot) {
  ISSU_TRY(start_daemons(slot), "warming up " + label(slot));
  return {};
}

Result<void> VmRouteProcessor::pause(Slot slot) {
  auto now = power(slot);
  if (!now) {
    return fail(std::move(now).error());
  }
  if (*now != vm::Power::running && *now != vm::Power::paused) {
    return fail(label(slot) + " does not run", "see " + files(slot).serial_log().string());
  }
  auto connection = hypervisor(slot);
  if (*now == vm::Power::running) {
    ISSU_TRY((*connection)->pause(name_for(slot)), "pausing " + label(slot));
  }
  return plug(slot, false);
}

Result<void> VmRouteProcessor::resume(Slot slot) {
  auto now = power(slot);
  if (!now) {
    return fail(std::move(now).error());
  }
  if (*now != vm::Power::running && *now != vm::Power::paused) {
    return fail(label(slot) + " does not run", "see " + files(slot).serial_log().string());
  }
  auto connection = hypervisor(slot);
  if (*now == vm::Power::paused) {
    ISSU_TRY((*connection)->resume(name_for(slot)), "resuming " + label(slot));
  }
  return plug(slot, true);
}

Result<void> VmRouteProcessor::fence(Slot slot) {
  auto now = power(slot);
  if (!now) {
    return fail(std::move(now).error());
  }
  if (*now != vm::Power::running && *now != vm::Power::paused) {
    return {};
  }
  const std::string what = "fencing " + label(slot);
  auto connection = hypervisor(slot);
  if (*now == vm::Power::paused) {
    // It may say nothing while it goes on to be ended.
    ISSU_TRY(plug(slot, false), what);
    ISSU_TRY((*connection)->resume(name_for(slot)), what);
  }
  // The links go last: the ends of its sessions are what the neighbours wait for.
  if (ask_init(slot, "kill", answers_within)) {
    ISSU_TRY(plug(slot, false), what);
    return {};
  }
  // It does not do it: the machine goes down with all that is in it.
  ISSU_TRY((*connection)->destroy(name_for(slot)), what);
  return boot(slot);
}

Result<void> VmRouteProcessor::check_standby() {
  return vm::room_for_second(spec_.vm.memory_mib,
                             vm::available_mib(read_file("/proc/meminfo").value_or("")));
}

}  // namespace issu::backends
