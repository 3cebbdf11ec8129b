#include <sys/mount.h>
#include <unistd.h>

#include "backends/card/card.hpp"
#include "backends/card/initrd.hpp"
#include "backends/card/vmlinux.hpp"
#include "backends/npu/kernel/chassis.hpp"
#include "checkpoint/conditioner/conditioner.hpp"
#include "checkpoint/flow_lock.hpp"
#include "checkpoint/net_state/net_state.hpp"
#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "issu/base/reasons.hpp"

/// The verbs by which a card changes its kernel under its daemons.
namespace issu::backends::card {
namespace {

namespace fs = std::filesystem;
using checkpoint::NetState;
using nlohmann::json;

constexpr auto longest_hold = std::chrono::seconds(120);
constexpr const char* kernel_folder = "/run/kernel";

/// Everything below a folder is on its disk.
Result<void> sync_folder(const fs::path& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::syncfs(fd.get()) != 0) {
    return fail_errno("writing " + folder.string() + " to its disk");
  }
  return {};
}

/// A payload of kind kernel, mounted for a moment.
class MountedKernel {
 public:
  static Result<MountedKernel> mount(const std::string& disk) {
    ISSU_TRY(make_dirs(kernel_folder), "");
    ::umount2(kernel_folder, 0);
    if (::mount(disk.c_str(), kernel_folder, "squashfs", MS_RDONLY, nullptr) != 0) {
      return fail_errno("mounting the kernel on " + disk);
    }
    return MountedKernel();
  }
  MountedKernel(const MountedKernel&) = delete;
  MountedKernel(MountedKernel&& from) noexcept : mounted_(std::exchange(from.mounted_, false)) {}
  ~MountedKernel() {
    if (mounted_) {
      ::umount2(kernel_folder, 0);
    }
  }

 private:
  MountedKernel() = default;
  bool mounted_ = true;
};

/// Whether a staged payload lies on the disk: the magic number of a squashfs.
bool holds_payload(const char* disk) {
  const Fd fd(::open(disk, O_RDONLY | O_CLOEXEC));
  char magic[4] = {};
  return fd && ::read(fd.get(), magic, sizeof magic) == sizeof magic &&
         std::string_view(magic, 4) == "hsqs";
}

/// The packets of the sessions are held back before there is an address at which this kernel would
/// answer them with a reset.
Result<void> hold_back(const RouterSpec& spec, const fs::path& saved) {
  for (const char* name : {"conditions", "conditions.given"}) {
    if (!fs::exists(saved / name)) {
      continue;
    }
    auto conditioner = checkpoint::Conditioner::load(saved / name);
    if (!conditioner) {
      return fail(std::move(conditioner).error());
    }
    return checkpoint::FlowLock(spec.netns, spec.name).lock(conditioner->flows(), longest_hold);
  }
  return fail("nothing is known of the sockets of the saved state",
              "it was not saved to its end: go back to an earlier one");
}

json told(const RestoreReport& report) {
  json answer{{"restore_ms", report.restore_ms},
              {"condition_ms", report.condition_ms},
              {"dark_until", report.dark_until}};
  if (!report.first_try.empty()) {
    answer["first_try"] = report.first_try;
  }
  return answer;
}

}  // namespace

Result<void> Card::load_other_kernel() {
  const Slot next = other(slot_);
  if (!holds_payload(kernel_disk(next))) {
    return {};
  }
  auto mounted = MountedKernel::mount(kernel_disk(next));
  if (!mounted) {
    return fail(std::move(mounted).error());
  }
  const std::string what = std::string("loading the kernel of slot ") + name_of(next);
  const fs::path folder = kernel_folder;
  const fs::path initrd = "/run/initrd";
  ISSU_TRY(initrd_with_start(folder / "initrd", start_program, initrd), what);
  const MemoryHalf memory = memory_.other();
  ISSU_TRY(memory.wipe(), what);
  const fs::path kernel = "/run/vmlinux";
  auto unpacked = unpack_kernel(folder / "vmlinuz", memory.shift(), kernel);
  if (!unpacked) {
    return pass(std::move(unpacked).error(), what);
  }
  // The old system call: without the check of its digests, which the new kernel would do before
  // anything else, at a speed that is not that of a processor with its caches on.
  Argv words{"kexec", "-l", "-c", "--no-checks"};
  if (*unpacked) {
    words.insert(words.end(), {"--args-linux", kernel.string()});
  } else {
    words.push_back((folder / "vmlinuz").string());
  }
  words.insert(words.end(), {"--initrd=" + initrd.string(),
                             "--command-line=" + kernel_words(next, memory, slot_)});
  const auto where = memory.kexec_words();
  words.insert(words.end(), where.begin(), where.end());
  RunOptions options;
  options.timeout = std::chrono::seconds(60);
  auto loaded = run_checked(words, options);
  ISSU_TRY(remove_tree(initrd), what);
  ISSU_TRY(remove_tree(kernel), what);
  return loaded ? Result<void>() : pass(std::move(loaded).error(), what);
}

Result<json> Card::check_save() {
  Reasons reasons;
  auto estimate = rp_->check_save(slot_);
  if (!estimate) {
    reasons.add(estimate.error());
  }
  auto network = NetState::read(NetNs::path_of(spec_.netns));
  if (!network) {
    reasons.add(network.error());
  } else {
    for (const std::string& obstacle : network->obstacles()) {
      reasons.add("can't be made again: " + obstacle, "use the strategy restart");
    }
  }
  if (auto good = std::move(reasons).result(); !good) {
    return fail(std::move(good).error());
  }
  return json{{"bytes", estimate->bytes}, {"network", network->summary()}};
}

Result<json> Card::prepare_save() {
  ISSU_TRY(rp_->prepare_save(slot_), "");
  ISSU_TRY(load_other_kernel(), "");
  return json{{"now", mono_now()}};
}

Result<json> Card::save() {
  auto report = rp_->save(slot_, Afterwards::gone);
  if (!report) {
    return fail(std::move(report).error());
  }
  const MonoNs dumped = mono_now();
  auto network = NetState::read(NetNs::path_of(spec_.netns));
  if (!network) {
    return fail(std::move(network).error());
  }
  ISSU_TRY(network->save(saved(slot_) / "network"), "");
  const MonoNs written = mono_now();
  ISSU_TRY(sync_folder(spec_.run_dir), "");
  return json{{"dark_from", report->dark_from},
              {"condition_ms", report->condition_ms},
              {"freeze_ms", report->freeze_ms},
              {"dump_ms", report->dump_ms},
              {"bytes", report->bytes},
              {"network_ms", to_ms(written - dumped)},
              {"network", network->summary()},
              {"sync_ms", to_ms(mono_now() - written)},
              {"now", mono_now()}};
}

Result<json> Card::restore(Sessions sessions) {
  auto report = rp_->restore(slot_, slot_, sessions);
  if (!report) {
    return fail(std::move(report).error());
  }
  json answer = told(*report);
  answer["now"] = mono_now();
  return answer;
}

Result<json> Card::resume(Slot from, Sessions sessions) {
  const std::string what =
      std::string("going on with what was saved of slot ") + name_of(from) + " on a new kernel";
  const MonoNs begun = mono_now();
  auto wanted = NetState::load(saved(from) / "network");
  if (!wanted) {
    return pass(std::move(wanted).error(), what);
  }
  ISSU_TRY(raise_forwarding(spec_), what);
  const MonoNs raised = mono_now();
  ISSU_TRY(hold_back(spec_, saved(from)), what);
  const MonoNs held = mono_now();
  ISSU_TRY(wanted->make(NetNs::path_of(spec_.netns), cards()), what);
  const MonoNs made = mono_now();
  ISSU_TRY(rp_->stage(slot_, payload()), what);
  const MonoNs staged = mono_now();
  auto report = rp_->restore(from, slot_, sessions);
  if (!report) {
    return pass(std::move(report).error(), what);
  }
  json answer = told(*report);
  answer["from"] = name_of(from);
  answer["begun_ms"] = to_ms(begun);
  answer["chassis_ms"] = to_ms(raised - begun);
  answer["hold_ms"] = to_ms(held - raised);
  answer["network_ms"] = to_ms(made - held);
  answer["stage_ms"] = to_ms(staged - made);
  ISSU_TRY(relay(), what);
  auto there = NetState::read(NetNs::path_of(spec_.netns));
  answer["lacking"] =
      there ? wanted->lacking_in(*there) : std::vector<std::string>{there.error().message()};
  answer["now"] = mono_now();
  return answer;
}

Result<json> Card::forget(Slot slot) {
  ISSU_TRY(rp_->forget_saved(slot), "");
  return json::object();
}

}  // namespace issu::backends::card
