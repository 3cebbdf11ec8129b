#include "backends/vm/card.hpp"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "backends/suite/slot_parts.hpp"
#include "backends/vm/accelerator.hpp"
#include "backends/vm/guest_files.hpp"
#include "backends/vm/vm.hpp"
#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"
#include "issu/base/json.hpp"
#include "issu/base/netns.hpp"
#include "issu/base/reasons.hpp"

namespace issu::backends {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Under QEMU's own processor, on a machine that does other work too.
constexpr std::chrono::seconds boots_within{120};
constexpr std::chrono::seconds comes_up_within{60};
constexpr std::chrono::seconds daemons_start_within{180};
constexpr std::chrono::seconds answers_within{30};

std::string note_of(const StagedPayload& payload) {
  return payload.version + "\n" + payload.file.string() + "\n";
}

SlotPower power_of(const json& card) {
  const std::string word = value_of(card, "power", "");
  return word == "active"   ? SlotPower::active
         : word == "booted" ? SlotPower::booted
                            : SlotPower::staged;
}

bool runs_under(const json& card, Slot slot) {
  return value_of(card, "slot", "") == name_of(slot);
}

}  // namespace

std::string CardRouteProcessor::label(Slot slot) const {
  return "slot " + std::string(name_of(slot)) + " of " + spec_.name;
}

std::vector<vm::GuestLink> CardRouteProcessor::links() const {
  std::vector<vm::GuestLink> links;
  for (const Slot slot : {Slot::a, Slot::b}) {
    for (std::size_t n = 0; n < spec_.ports.size(); ++n) {
      links.push_back({"punt" + std::to_string(n) + name_of(slot), vm::card_mac(spec_, n, slot)});
    }
  }
  return links;
}

vm::Domain CardRouteProcessor::domain(Slot slot, const std::string& words) const {
  const auto where = files();
  vm::Domain domain;
  domain.name = machine();
  domain.accelerator = vm::accelerator_of(spec_);
  domain.memory_mib = memory().card_mib();
  domain.vcpus = spec_.vm.vcpus;
  domain.cpus = spec_.vm.cpus;
  domain.machine = spec_.vm.machine;
  domain.disk = spec_.card_image;
  domain.disk_is_raw = true;
  domain.config_disk = where.config_disk();
  domain.more_disks = {
      {where.state_disk()}, {where.kernel_disk(Slot::a), true}, {where.kernel_disk(Slot::b), true}};
  domain.boot = vm::DirectBoot{where.kernel(slot), where.initrd(slot), words};
  domain.serial_log = where.serial_log();
  domain.links = links();
  domain.channels = vm::card_channels(spec_, suite_);
  // In software: bytes copied one at a time, one level of page tables more, registers of half a
  // kilobyte saved at each switch, which nothing in a card computes with, and two views of memory
  // for a kernel that looks at a program's.
  if (domain.accelerator == vm::Accelerator::tcg) {
    domain.without = vm::unsafe_under_tcg();
    // And what QEMU emulates slowly.
    domain.without.insert(domain.without.end(), {"erms", "la57", "xsave", "smap", "smep"});
  }
  return domain;
}

Result<vm::Hypervisor*> CardRouteProcessor::hypervisor() {
  if (!hypervisor_) {
    vm::HypervisorPlace place;
    place.uri = spec_.vm.uri;
    place.root = spec_.run_dir / "vm";
    if (!spec_.ports.empty()) {
      place.netns = NetNs::path_of(spec_.npu_netns());
    }
    auto opened = vm::Hypervisor::open(place);
    if (!opened) {
      return fail(std::move(opened).error());
    }
    hypervisor_.emplace(std::move(*opened));
  }
  return &*hypervisor_;
}

Result<void> CardRouteProcessor::start(Slot slot, const std::string& words) {
  auto connection = hypervisor();
  if (!connection) {
    return fail(std::move(connection).error());
  }
  ISSU_TRY(vm::write_card_disks(spec_, suite_), "starting the card");
  if (auto started = (*connection)->start(domain(slot, words)); !started) {
    return pass(vm::under_accelerator(spec_, std::move(started).error()), "starting the card");
  }
  auto up = vm::GuestAgent(**connection, machine()).wait(boots_within);
  return up ? up : fail(vm::under_accelerator(spec_, std::move(up).error()));
}

Result<void> CardRouteProcessor::destroy() {
  auto connection = hypervisor();
  return connection ? (*connection)->destroy(machine()) : fail(std::move(connection).error());
}

Result<json> CardRouteProcessor::in_card(const std::vector<std::string>& words,
                                         std::chrono::seconds timeout) {
  auto connection = hypervisor();
  if (!connection) {
    return fail(std::move(connection).error());
  }
  std::vector<std::string> argv{card::card_program};
  argv.insert(argv.end(), words.begin(), words.end());
  auto done = vm::GuestAgent(**connection, machine()).run(argv, timeout);
  if (!done) {
    return fail(std::move(done).error());
  }
  if (done->exit_code != 0) {
    std::string said = done->errors.substr(0, 1000);
    while (!said.empty() && said.back() == '\n') {
      said.pop_back();
    }
    return fail("the card of " + spec_.name + " says to `" + words[0] + "`: " + said,
                "its console is in " + files().serial_log().string());
  }
  json answer = json::parse(done->output, nullptr, false);
  if (!answer.is_object()) {
    return fail("the card's answer to `" + words[0] +
                "` is not understood: " + done->output.substr(0, 200));
  }
  return answer;
}

std::optional<json> CardRouteProcessor::look() {
  auto connection = hypervisor();
  auto power = connection ? (*connection)->power(machine()) : fail(std::move(connection).error());
  if (!power || *power != vm::Power::running) {
    return std::nullopt;
  }
  auto said = in_card({"status"}, answers_within);
  return said ? std::optional(std::move(*said)) : std::nullopt;
}

Result<json> CardRouteProcessor::need_kernel(Slot slot) {
  auto card = look();
  if (!card || !runs_under(*card, slot)) {
    return fail(
        "the card of " + spec_.name + " does not run under the kernel of slot " + name_of(slot),
        "boot it first");
  }
  return std::move(*card);
}

Result<void> CardRouteProcessor::need_active(Slot slot) {
  auto card = need_kernel(slot);
  if (!card) {
    return fail(std::move(card).error());
  }
  return power_of(*card) == SlotPower::active
             ? Result<void>()
             : fail(label(slot) + " is not active", "activate it first");
}

Result<void> CardRouteProcessor::check() {
  Reasons reasons;
  reasons.add_unless(::geteuid() == 0, "this takes root", "run it as root");
  for (const char* program : {"qemu-system-x86_64", "unsquashfs", "mke2fs"}) {
    // Some of them tell their version by ending with an error.
    reasons.add_unless(run({program, "-version"}).has_value(),
                       std::string(program) + " is not installed", "scenarios/setup installs it");
  }
  reasons.add_unless(fs::exists(spec_.card_image),
                     "there is no card image " + spec_.card_image.string(),
                     "scenarios/images/build card-bookworm");
  reasons.add_if(vm::check_accelerator(spec_));
  reasons.add_if(vm::check_processors(spec_));
  reasons.add_if(suite_.check_config(spec_.config_dir, spec_.daemons, spec_.npu.takes_fpm()));
  // QEMU is started where the NPU's taps are, which before `router up` is nowhere.
  if (spec_.ports.empty() || NetNs::exists(spec_.npu_netns())) {
    if (auto connection = hypervisor(); !connection) {
      reasons.add(std::move(connection).error());
    }
  }
  return std::move(reasons).result();
}

Result<void> CardRouteProcessor::stage(Slot slot, const StagedPayload& payload) {
  const auto where = files();
  const std::string what = "staging " + label(slot);
  const std::string note = note_of(payload);
  if (fs::exists(where.payload_note(slot))) {
    const auto staged = read_file(where.payload_note(slot));
    if (!staged || *staged != note) {
      return fail(label(slot) + " holds another payload", "unstage it first");
    }
    return {};
  }
  ISSU_TRY(make_dirs(where.slot(slot), 0755), what);
  ISSU_TRY(vm::stage_kernel(where, slot, payload.file), what);
  return write_file_atomic(where.payload_note(slot), note);
}

/// A card has one kernel at a time: while the daemons run under the other, this one is ready, and
/// starts when it is activated.
Result<void> CardRouteProcessor::boot(Slot slot) {
  const std::string what = "booting " + label(slot);
  if (!fs::exists(files().payload_note(slot))) {
    return fail(label(slot) + " has no image", "stage one first");
  }
  const auto card = look();
  if (card && !runs_under(*card, slot) && power_of(*card) == SlotPower::active) {
    return {};
  }
  if (!card || !runs_under(*card, slot)) {
    // Off, half started, or under a kernel that nothing runs under any more.
    ISSU_TRY(destroy(), what);
    ISSU_TRY(start(slot, card::kernel_words(slot, memory(), std::nullopt)), what);
  }
  auto up = in_card({"up"}, comes_up_within);
  return up ? Result<void>() : pass(std::move(up).error(), what);
}

Result<void> CardRouteProcessor::activate(Slot slot) {
  const std::string what = "activating " + label(slot);
  const auto card = look();
  if (card && !runs_under(*card, slot) && power_of(*card) == SlotPower::active) {
    return fail(what + ": the daemons run under the other kernel", "fence them first");
  }
  if (card && !runs_under(*card, slot)) {
    ISSU_TRY(boot(slot), what);
  }
  ISSU_TRY(need_kernel(slot), what);
  auto started = in_card({"activate"}, daemons_start_within);
  return started ? Result<void>() : pass(std::move(started).error(), what);
}

Result<void> CardRouteProcessor::fence(Slot slot) {
  const auto card = look();
  if (card && !runs_under(*card, slot)) {
    return {};
  }
  if (card && in_card({"fence"}, answers_within)) {
    return {};
  }
  auto power = hypervisor().value()->power(machine());
  if (power && *power != vm::Power::running) {
    return {};
  }
  // It does not do it: the card goes down with all that is in it.
  ISSU_TRY(destroy(), "fencing " + label(slot));
  return boot(slot);
}

Result<void> CardRouteProcessor::power_off(Slot slot) {
  const auto card = look();
  if (card && !runs_under(*card, slot)) {
    return {};  // the other kernel's
  }
  if (!fs::exists(files().folder())) {
    return {};
  }
  return destroy();
}

Result<void> CardRouteProcessor::unstage(Slot slot) {
  const std::string what = "unstaging " + label(slot);
  const auto where = files();
  if (!fs::exists(where.slot(slot))) {
    return {};
  }
  if (const auto card = look(); card && runs_under(*card, slot)) {
    return fail(label(slot) + " is running", "power it off first");
  }
  ISSU_TRY(forget_saved(slot), what);
  ISSU_TRY(vm::wipe_kernel(where, slot), what);
  ISSU_TRY(remove_tree(where.kernel(slot).parent_path()), what);
  ISSU_TRY(remove_tree(where.payload_note(slot)), what);
  // Its feed's socket is the card's own, as long as that runs under the other kernel.
  if (!fs::exists(where.payload_note(other(slot)))) {
    ISSU_TRY(destroy(), what);
    for (const auto& folder : {where.slot(Slot::a), where.slot(Slot::b), where.folder()}) {
      ISSU_TRY(remove_tree(folder), what);
    }
  }
  return {};
}

Result<SlotStatus> CardRouteProcessor::status(Slot slot) {
  const auto where = files();
  SlotStatus status;
  if (!fs::exists(where.payload_note(slot))) {
    return status;
  }
  status.power = SlotPower::staged;
  status.saved = fs::exists(where.saved_note(slot));
  const auto card = look();
  if (!card) {
    return status;
  }
  status.saved = false;
  for (const json& saved : value_of(*card, "saved", json::array())) {
    status.saved = status.saved || saved == name_of(slot);
  }
  if (!runs_under(*card, slot)) {
    return status;
  }
  status.power = power_of(*card);
  for (const json& daemon : value_of(*card, "daemons", json::array())) {
    DaemonStatus line;
    line.name = value_of(daemon, "name", "");
    line.pid = value_of(daemon, "pid", 0);
    line.running = value_of(daemon, "running", false);
    line.exits = value_of(daemon, "exits", 0);
    line.last_end = value_of(daemon, "last_end", "");
    status.daemons.push_back(std::move(line));
  }
  return status;
}

Result<ControlPlaneView> CardRouteProcessor::control_plane(Slot slot) {
  ISSU_TRY(need_active(slot), "asking the control plane");
  return suite_.view(files().sockets(), spec_.daemons);
}

Result<std::optional<std::vector<state_sync::Prefix>>> CardRouteProcessor::routes(Slot slot) {
  ISSU_TRY(need_active(slot), "asking for the routes");
  return suite_.routes(files().sockets(), spec_.daemons);
}

Result<std::unique_ptr<RouteProcessor>> make_card(const RouterSpec& spec) {
  auto suite = suite_of(spec);
  if (!suite) {
    return fail(std::move(suite).error());
  }
  return std::make_unique<CardRouteProcessor>(spec, **suite);
}

}  // namespace issu::backends
