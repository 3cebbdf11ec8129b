// A slot's machine moves to the other slot while it runs: from one hypervisor to the other, with
// the other slot's ends on the host in place of its own.

#include <fmt/format.h>

#include "backends/vm/host_memory.hpp"
#include "backends/vm/route_processor.hpp"
#include "issu/base/file.hpp"
#include "issu/base/reasons.hpp"

namespace issu::backends {
namespace {

namespace fs = std::filesystem;

/// The same file under two names: whichever goes first, the other one stays.
Result<void> share(const fs::path& file, const fs::path& name) {
  std::error_code error;
  if (fs::equivalent(file, name, error)) {
    return {};
  }
  fs::remove(name, error);
  fs::create_hard_link(file, name, error);
  return error ? fail("giving " + file.string() + " the name " + name.string() + ": " +
                      error.message())
               : Result<void>();
}

}  // namespace

vm::HostEnds VmRouteProcessor::ends(Slot slot) const {
  vm::HostEnds ends;
  ends.folder = files(slot).folder;
  for (std::size_t n = 0; n < spec_.ports.size(); ++n) {
    ends.taps.push_back("punt" + std::to_string(n) + name_of(slot));
  }
  return ends;
}

Result<bool> VmRouteProcessor::has_moved(Slot from, Slot to) {
  auto here = hypervisor(from);
  auto there = hypervisor(to);
  if (here && there) {
    return (*here)->settle(name_for(from), **there, name_for(to));
  }
  // One of the two can't be asked. What runs at the other is the machine.
  const Slot asked = here ? from : to;
  if (auto now = power(asked); (here || there) && now && *now == vm::Power::running) {
    return asked == to;
  }
  return fail(here ? std::move(there).error() : std::move(here).error());
}

Result<void> VmRouteProcessor::share_disks(Slot from, Slot to) const {
  const auto here = files(from);
  const auto there = files(to);
  if (!fs::exists(there.base())) {
    return fail(label(to) + " has no image", "stage one first");
  }
  ISSU_TRY(make_dirs(there.run(), 0755), "preparing " + label(to));
  ISSU_TRY(share(here.disk(), there.disk()), "preparing " + label(to));
  if (fs::exists(here.config_disk())) {
    ISSU_TRY(share(here.config_disk(), there.config_disk()), "preparing " + label(to));
  }
  return {};
}

Result<MigrateCheck> VmRouteProcessor::check_migrate(Slot from, Slot to) {
  MigrateCheck check;
  check.memory = std::uint64_t{spec_.vm.memory_mib} << 20U;
  if (spec_.vm.uri_b.empty()) {
    return fail("both slots are at the same hypervisor: there is none to migrate to",
                "a second libvirt daemon, and its URI as [vm] uri_b; docs/virtual-machines.md");
  }
  Reasons reasons;
  if (fs::exists(files(from).kernel())) {
    reasons.add(label(from) +
                    " runs on a kernel of its own beside its disk's, which would not come "
                    "along",
                "use the strategy standby");
  }
  for (const Slot slot : {from, to}) {
    auto connection = hypervisor(slot);
    auto said = connection ? (*connection)->describe() : fail(std::move(connection).error());
    if (!said) {
      reasons.add(std::move(said).error());
      continue;
    }
    (slot == from ? check.from : check.to) = std::move(*said);
  }
  if (!check.from.empty() && !check.to.empty()) {
    reasons.add_if(hypervisor(from).value()->check_move(name_for(from), *hypervisor(to).value()));
    // The way back, as well: it has to be there before it is needed.
    if (spec_.vm.uri.empty()) {
      reasons.add("libvirt's driver in our own process, at which slot a runs, can't take it back",
                  "[vm] uri and uri_b: a libvirt daemon for each slot");
    }
  }
  const std::uint64_t needed = spec_.vm.memory_mib + vm::qemu_itself_mib;
  if (const auto there = vm::available_mib(read_file("/proc/meminfo").value_or(""));
      there && *there < needed) {
    reasons.add(fmt::format("while it moves, the machine is there twice: the second needs {} MiB "
                            "of memory, and {} MiB are available",
                            needed, *there),
                "make room, or give the machine less ([vm] memory_mib)");
  }
  if (auto good = std::move(reasons).result(); !good) {
    return fail(std::move(good).error());
  }
  return check;
}

Result<MigrateReport> VmRouteProcessor::migrate(Slot from, Slot to, const MigrateLimits& limits,
                                                const std::function<bool()>& give_up) {
  const std::string what = "migrating " + label(from) + " to slot " + name_of(to);
  auto moved = has_moved(from, to);
  if (!moved) {
    return pass(std::move(moved).error(), what);
  }
  MigrateReport report;
  report.moved = !*moved;
  if (!*moved) {
    auto now = power(from);
    if (!now || *now != vm::Power::running) {
      return fail(label(from) + " does not run, nor does what it was in slot " + name_of(to),
                  "see " + files(from).serial_log().string());
    }
    ISSU_TRY(share_disks(from, to), what);
    vm::Move how;
    how.new_name = name_for(to);
    how.from = ends(from);
    how.to = ends(to);
    how.stream = files(to).folder / "stream";
    how.limits = limits;
    how.give_up = give_up;
    auto here = hypervisor(from);
    auto there = hypervisor(to);
    if (!here || !there) {
      return pass(!here ? std::move(here).error() : std::move(there).error(), what);
    }
    auto done = (*here)->move(name_for(from), **there, how);
    std::error_code ignored;
    fs::remove(how.stream, ignored);
    if (!done) {
      Error error = std::move(done).error().within(what);
      auto after = has_moved(from, to);
      if (!after) {
        error.also(std::move(after).error());
      }
      if (!after || !*after) {
        return fail(std::move(error));
      }
    }
  }
  auto there = hypervisor(to);
  auto counts = there ? (*there)->counts(name_for(to)) : fail(std::move(there).error());
  if (counts && *counts) {
    report.total_ms = (*counts)->total_ms;
    report.setup_ms = (*counts)->setup_ms;
    report.downtime_ms = (*counts)->downtime_ms;
    report.bytes = (*counts)->bytes;
    report.iterations = (*counts)->iterations;
  }
  return report;
}

}  // namespace issu::backends
