#include <nlohmann/json.hpp>

#include "backends/vm/card.hpp"
#include "backends/vm/card_time.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"
#include "issu/base/json.hpp"

/// The verbs of saved states: a card whose kernel is changed under its daemons.
namespace issu::backends {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::chrono::seconds prepares_within{90};
constexpr std::chrono::seconds saves_within{90};
constexpr std::chrono::seconds restores_within{90};
/// From the call of kexec until the next kernel has restored the daemons and its agent answers.
constexpr std::chrono::seconds changes_within{100};
/// The old kernel answers for no longer after it was told to start the next.
constexpr std::chrono::seconds leaves_within{10};

}  // namespace

Result<SaveEstimate> CardRouteProcessor::check_save(Slot slot) {
  ISSU_TRY(need_active(slot), "");
  auto said = in_card({"check-save"}, prepares_within);
  if (!said) {
    return fail(std::move(said).error());
  }
  SaveEstimate estimate;
  estimate.bytes = value_of(*said, "bytes", std::uint64_t{0});
  return estimate;
}

Result<void> CardRouteProcessor::check_same(Slot /*slot*/, const fs::path& payload) {
  // The container's programs are the card's own, the same under each kernel.
  return vm::check_kernel(payload);
}

Result<void> CardRouteProcessor::prepare_save(Slot slot) {
  ISSU_TRY(need_active(slot), "preparing to save " + label(slot));
  auto said = in_card({"prepare-save"}, prepares_within);
  return said ? Result<void>() : pass(std::move(said).error(), "preparing to save " + label(slot));
}

Result<SaveReport> CardRouteProcessor::save(Slot slot, Afterwards afterwards) {
  const std::string what = "saving " + label(slot);
  if (afterwards == Afterwards::runs) {
    return fail(what + ": a card saves its daemons to go on with them, not beside them",
                "use the way back `cold`");
  }
  ISSU_TRY(need_kernel(slot), what);
  const MonoNs asked = mono_now();
  auto said = in_card({"save"}, saves_within);
  const MonoNs received = mono_now();
  if (!said) {
    return pass(std::move(said).error(), what);
  }
  ISSU_TRY(write_file_atomic(files().saved_note(slot), said->dump()), what);
  SaveReport report;
  report.dark_from = card_time(*said, "dark_from", received, asked);
  report.condition_ms = value_of(*said, "condition_ms", 0.0);
  report.freeze_ms = value_of(*said, "freeze_ms", 0.0);
  report.dump_ms = value_of(*said, "dump_ms", 0.0) + value_of(*said, "network_ms", 0.0) +
                   value_of(*said, "sync_ms", 0.0);
  report.bytes = value_of(*said, "bytes", std::uint64_t{0});
  return report;
}

Result<json> CardRouteProcessor::wait_for_kernel(Slot slot) {
  const Deadline deadline = Deadline::in(changes_within);
  const Deadline left = Deadline::in(leaves_within);
  for (;;) {
    auto power = hypervisor().value()->power(machine());
    if (!power) {
      return fail(std::move(power).error());
    }
    if (*power != vm::Power::running) {
      return fail(
          "the card of " + spec_.name + " went down under the kernel of slot " + name_of(slot),
          "its console is in " + files().serial_log().string());
    }
    const auto card = look();
    if (card && value_of(*card, "slot", "") == name_of(slot)) {
      return *card;
    }
    if (card && left.passed()) {
      return fail("the card of " + spec_.name + " still runs under its old kernel",
                  "its console is in " + files().serial_log().string());
    }
    if (deadline.passed()) {
      return fail("the card of " + spec_.name + " does not come up under the kernel of slot " +
                      name_of(slot),
                  "its console is in " + files().serial_log().string(), ErrorKind::timeout);
    }
    sleep_for(std::chrono::milliseconds(20));
  }
}

Result<void> CardRouteProcessor::kexec(Slot from, Slot into) {
  auto begun = vm::GuestAgent(*hypervisor().value(), machine())
                   .begin({card::start_program, "jump", name_of(from)});
  return begun ? Result<void>()
               : pass(std::move(begun).error(),
                      std::string("starting the kernel of slot ") + name_of(into));
}

Result<json> CardRouteProcessor::restored(Slot saved_from, Slot into, Sessions sessions) {
  const char* word = sessions == Sessions::drop ? "drop" : "keep";
  auto connection = hypervisor();
  auto power = connection ? (*connection)->power(machine()) : fail(std::move(connection).error());
  if (!power) {
    return fail(std::move(power).error());
  }
  std::optional<json> card;
  if (*power == vm::Power::running && into != saved_from && sessions == Sessions::keep &&
      kexec(saved_from, into)) {
    // Not asked before what it runs under, in the dark: where it is not what it should be, it
    // stays.
    auto came = wait_for_kernel(into);
    if (!came) {
      return fail(std::move(came).error());
    }
    card = std::move(*came);
  } else {
    card = look();
  }
  if (!card || value_of(*card, "slot", "") != name_of(into)) {
    // It hangs, or it is off, or goes on without its sessions: the state is on its disk.
    ISSU_TRY(destroy(), "");
    ISSU_TRY(
        start(into, card::kernel_words(into, memory(), saved_from, sessions == Sessions::drop)),
        "");
    auto came = wait_for_kernel(into);
    if (!came) {
      return fail(std::move(came).error());
    }
    card = std::move(*came);
  } else if (into == saved_from) {
    // The kernel that it was saved under: nothing of the network was lost.
    return in_card({"restore", word}, restores_within);
  }
  json said = value_of(*card, "resumed", json::object());
  if (value_of(*card, "power", "") != "active" && !said.contains("dark_until")) {
    // What its first try of that said stays known: it cost the sessions a second or two.
    auto again = in_card({"resume", name_of(saved_from), word}, restores_within);
    if (again && said.contains("error")) {
      (*again)["first_try"] = said["error"];
    }
    return again;
  }
  said["now"] = static_cast<MonoNs>(std::clamp(value_of(*card, "uptime_ms", 0.0), 0.0, 1e12) * 1e6);
  return said;
}

Result<RestoreReport> CardRouteProcessor::restore(Slot saved_from, Slot into, Sessions sessions) {
  const std::string what =
      "going on with " + label(saved_from) + " under the kernel of slot " + name_of(into);
  const MonoNs from = mono_now();
  auto said = restored(saved_from, into, sessions);
  const MonoNs received = mono_now();
  if (!said) {
    return pass(std::move(said).error(), what);
  }
  if (said->contains("error")) {
    return fail(what + ": " + value_of(*said, "error", ""),
                "its console is in " + files().serial_log().string());
  }
  ISSU_TRY(write_file_atomic(files().folder() / "restored.json", said->dump(1)), what);
  if (const json lacking = value_of(*said, "lacking", json::array()); !lacking.empty()) {
    std::string names;
    for (const json& one : lacking) {
      names += (names.empty() ? "" : ", ") + text_of(one);
    }
    return fail(what + ": the daemons run, and the new kernel lacks " + names,
                "the old kernel has it: go back");
  }
  RestoreReport report;
  report.dark_until = card_time(*said, "dark_until", received, received);
  report.condition_ms = value_of(*said, "condition_ms", 0.0);
  report.first_try = value_of(*said, "first_try", "");
  report.restore_ms = to_ms(report.dark_until - from) - report.condition_ms;
  return report;
}

Result<void> CardRouteProcessor::forget_saved(Slot slot) {
  if (look()) {
    auto said = in_card({"forget", name_of(slot)}, restores_within);
    if (!said) {
      return pass(std::move(said).error(), "forgetting the saved state of " + label(slot));
    }
  }
  return remove_tree(files().saved_note(slot));
}

}  // namespace issu::backends
