// The state of a slot's machine: memory and devices in a file, and with them its daemons and their
// connections. It goes on in either slot, also when everything else of the host was started anew.

#include "backends/vm/route_processor.hpp"
#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "issu/base/reasons.hpp"

namespace issu::backends {
namespace {

namespace fs = std::filesystem;

/// Of what QEMU writes beside the guest's memory, roughly.
constexpr std::uint64_t devices_bytes = 16U << 20U;

std::uint64_t size_of(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  return error ? 0 : static_cast<std::uint64_t>(size);
}

}  // namespace

std::string VmRouteProcessor::name_for(Slot slot) const {
  // A saved machine keeps its name in the other slot: libvirt gives it no new one.
  std::error_code error;
  const bool swapped = fs::exists(spec_.state_dir / "machines-swapped", error);
  return "issu-" + spec_.name + "-" + name_of(swapped ? other(slot) : slot);
}

Result<void> VmRouteProcessor::take_name(Slot slot, const std::string& name) const {
  if (name_for(slot) == name) {
    return {};
  }
  const fs::path mark = spec_.state_dir / "machines-swapped";
  std::error_code error;
  if (fs::remove(mark, error)) {
    return {};
  }
  return write_file_atomic(mark, "the machine of each slot has the name of the other one\n");
}

VmRouteProcessor::Saved VmRouteProcessor::saved(Slot slot) const {
  const fs::path folder = spec_.state_dir / (std::string("saved-") + name_of(slot));
  return {folder, folder / "machine", folder / "name"};
}

bool VmRouteProcessor::is_saved(Slot slot) const {
  std::error_code error;
  return fs::exists(saved(slot).state, error);
}

Result<SaveEstimate> VmRouteProcessor::check_save(Slot slot) {
  ISSU_TRY(need_active(slot), "looking at what there is to save");
  SaveEstimate estimate;
  estimate.bytes = std::uint64_t{spec_.vm.memory_mib} << 20U;
  std::error_code error;
  const auto space = fs::space(spec_.state_dir, error);
  const std::uint64_t needed = estimate.bytes + devices_bytes;
  if (!error && space.available < needed) {
    return fail("the state of " + label(slot) + " can take " + std::to_string(needed >> 20U) +
                    " MiB and " + spec_.state_dir.string() + " has " +
                    std::to_string(space.available >> 20U) + " MiB free",
                "make room there");
  }
  return estimate;
}

Result<void> VmRouteProcessor::check_same(Slot slot, const fs::path& payload) {
  auto compared = run({"cmp", "--silent", files(slot).base().string(), payload.string()});
  if (!compared) {
    return fail(std::move(compared).error());
  }
  return compared->status == 0
             ? Result<void>()
             : fail("the image is not the one that runs: a saved machine goes on from its own disk",
                    "for a new image: --strategy standby");
}

Result<void> VmRouteProcessor::prepare_save(Slot slot) {
  ISSU_TRY(need_active(slot), "making room for the state of " + label(slot));
  ISSU_TRY(remove_tree(saved(slot).folder), "making room for the state of " + label(slot));
  return make_dirs(saved(slot).folder, 0700);
}

Result<SaveReport> VmRouteProcessor::save(Slot slot, Afterwards afterwards) {
  const std::string what = "saving " + label(slot);
  const Saved to = saved(slot);
  SaveReport report;
  auto now = status(slot);
  if (!now) {
    return pass(std::move(now).error(), what);
  }
  if (now->power != SlotPower::active) {
    if (!now->saved || now->power > SlotPower::staged) {
      return fail(what + ": its daemons do not run", "activate it first");
    }
    report.bytes = size_of(to.state);
    return report;
  }
  auto connection = hypervisor(slot);
  const std::string name = name_for(slot);
  const fs::path part = to.folder / "part";
  ISSU_TRY(make_dirs(to.folder, 0700), what);
  std::error_code error;
  fs::remove(to.state, error);
  fs::remove(part, error);
  ISSU_TRY(write_file_atomic(to.name, name), what);
  report.dark_from = mono_now();
  if (afterwards == Afterwards::runs) {
    ISSU_TRY((*connection)->copy_to(name, part), what);
  } else {
    ISSU_TRY((*connection)->pause(name), what);
    const MonoNs paused = mono_now();
    report.freeze_ms = to_ms(paused - report.dark_from);
    if (auto done = (*connection)->save_to(name, part); !done) {
      Error told = std::move(done).error().within(what);
      if (auto runs = (*connection)->resume(name); !runs) {
        told.also(std::move(runs).error());
      }
      return fail(std::move(told));
    }
    report.dump_ms = to_ms(mono_now() - paused);
  }
  fs::rename(part, to.state, error);
  if (error) {
    return fail(what + ": " + error.message());
  }
  report.bytes = size_of(to.state);
  return report;
}

Result<RestoreReport> VmRouteProcessor::restore(Slot saved_from, Slot into, Sessions sessions) {
  const std::string what = "restoring " + label(into);
  const Saved from = saved(saved_from);
  RestoreReport report;
  auto now = status(into);
  if (!now) {
    return pass(std::move(now).error(), what);
  }
  if (now->power >= SlotPower::warm) {
    ISSU_TRY(resume(into), what);
    report.dark_until = mono_now();
    return report;
  }
  const auto name = read_file(from.name);
  if (!is_saved(saved_from) || !name) {
    return fail(what + ": no state of " + label(saved_from) + " is saved", "save it first");
  }
  auto connection = hypervisor(into);
  if (!connection) {
    return pass(std::move(connection).error(), what);
  }
  ISSU_TRY(power_off(into), what);
  if (saved_from != into) {
    ISSU_TRY(share_disks(saved_from, into), what);
  }
  ISSU_TRY(take_name(into, *name), what);
  const MonoNs began = mono_now();
  const bool keep = sessions == Sessions::keep;
  ISSU_TRY((*connection)->restore_from(from.state, ends(saved_from), ends(into), keep), what);
  report.restore_ms = to_ms(mono_now() - began);
  if (!keep) {
    ISSU_TRY(suite_.begin_anew(files(into).run(), spec_.daemons), what);
    ISSU_TRY(plug(into, true), what);
  }
  report.dark_until = mono_now();
  return report;
}

Result<void> VmRouteProcessor::forget_saved(Slot slot) {
  return remove_tree(saved(slot).folder);
}

}  // namespace issu::backends
