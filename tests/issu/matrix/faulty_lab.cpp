#include "tests/issu/matrix/faulty_lab.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "issu/base/child.hpp"
#include "issu/image/bundle.hpp"
#include "issu/measure/result_json.hpp"
#include "tests/issu/matrix/machine.hpp"

namespace issu::tests {
namespace {

using backends::Slot;
using backends::SlotPower;

/// More than any upgrade with two faults and all attempts of everything has.
constexpr std::size_t too_many_records = 400;

bool starts_with_any(const std::string& verb, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return verb.starts_with(word); });
}

bool is_of_npu(const std::string& verb) {
  return starts_with_any(
      verb, {"punt_to", "watch", "hold", "keep", "sweep", "release", "size", "sync_state"});
}

bool takes_memory(const std::string& verb) {
  return starts_with_any(
      verb, {"stage", "boot", "warm", "activate", "restore", "prepare_save", "save", "migrate"});
}

bool same_image_is_needed(const std::string& strategy) {
  return strategy == "migrate";
}

/// A process that stands for the probe; it does nothing.
pid_t start_probe() {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGTERM, SIG_DFL);
    for (;;) {
      ::pause();
    }
  }
  return pid;
}

}  // namespace

std::string Run::name() const {
  static constexpr std::array<const char*, 5> seconds{"killed", "killed-after", "fails", "stays",
                                                      "hangs"};
  std::string text = cell ? cell->name() : strategy + ", nothing goes wrong";
  text += way_back == "saved" ? ", way back saved" : "";
  text += accept ? "" : ", not accepted";
  text += ", call " + std::to_string(call) + (acted ? " acted" : "");
  text += for_good ? ", for good" : "";
  text += ended ? ", ended" : "";
  if (cell && cell->fault.fault == Fault::second_fault) {
    text += std::string(", then ") + seconds[static_cast<std::size_t>(second)] + " at call " +
            std::to_string(second_call) + " of the undo";
  }
  return text;
}

FaultyLab::FaultyLab(const Run& run)
    : Lab(run.cell && run.cell->fault.fault == Fault::disk_full), run_(run) {
  machine::set_clock_right();
  config.timers.quiet_s = 0.05;
  strategy = run.strategy;
  way_back = run.way_back;
  if (same_image_is_needed(strategy)) {
    const auto opened = image::open_bundle(bundle().file(), config.keyring);
    REQUIRE(opened);
    REQUIRE(store.set_image(Slot::a, {"10.3", "issu-test", "rootfs", opened->payload_sha256()}));
  }
  if (is(Fault::probe_gone)) {
    config.measure.peers.push_back({"east", "bird", dir / "bird.ctl", {"edge1"}});
  }
  open(run.accept ? "accept" : "");
  if (is(Fault::probe_gone)) {
    probe_ = start_probe();
    const ProcessId probe = identify(probe_);
    measure::Live live;
    live.state = "done";
    live.at = live.begin = 1;
    REQUIRE(make_dirs(store.evidence()));
    REQUIRE(write_file_atomic(store.evidence() / "live.json", measure::live_to_json(live)));
    const std::string id = options_of(*Journal::read(store.journal())).id;
    REQUIRE(write_file_atomic(
        store.evidence() / "process",
        id + " " + std::to_string(probe.pid) + " " + std::to_string(probe.start_ticks) + "\n"));
  }
  world.configuration = {{Slot::a, "router bgp 65001\n"}, {Slot::b, "router bgp 65001\n"}};
  world.questions_can_fail = true;
  world.fault = [this](const std::string& verb) { return entering(verb); };
  world.acted = [this](const std::string& verb) { return left(verb); };
}

FaultyLab::~FaultyLab() {
  if (probe_ > 0) {
    ::kill(probe_, SIGKILL);
    ::waitpid(probe_, nullptr, 0);
  }
}

Result<Outcome> FaultyLab::coordinate() {
  phase_.reset();
  Listener listener;
  listener.record = [this](const Record& record) { recorded(record); };
  return run(listener);
}

bool FaultyLab::by_calls() const {
  return run_.cell && !run_.by_abort &&
         (run_.cell->moment == Moment::during || is(Fault::fails) || is(Fault::hangs) ||
          is(Fault::second_fault));
}

bool FaultyLab::meant(Moment moment) const {
  const bool again = (is(Fault::killed) || is(Fault::hangs)) && run_.for_good;
  return run_.cell && (!struck_ || again) && !undoing_ && phase_ == run_.cell->phase.phase &&
         run_.cell->moment == moment;
}

void FaultyLab::recorded(const Record& record) {
  if (++records_ > too_many_records) {
    throw Endless{};
  }
  look("after the record " + std::string(name_of(record.event)));
  switch (record.event) {
    case Event::begun:
      phase_ = record.phase;
      undoing_ = false;
      call_ = 0;
      if (meant(Moment::before) && !by_calls()) {
        strike();
      }
      break;
    case Event::undoing:
      phase_ = record.phase;
      undoing_ = true;
      break;
    case Event::done:
      if (meant(Moment::after) && !by_calls()) {
        strike();
      }
      phase_.reset();
      break;
    case Event::failed:
    case Event::undone:
      phase_.reset();
      undoing_ = false;
      break;
    default:
      break;
  }
}

Result<void> FaultyLab::entering(const std::string& verb) {
  look("before " + verb);
  if (undoing_) {
    undo_calls_.push_back(verb);
    ISSU_TRY(second_fault(verb, false), "");
  } else if (phase_) {
    if (!struck_) {
      calls_[*phase_].push_back(verb);
    }
    ++call_;
    if (by_calls() && !run_.acted) {
      ISSU_TRY(act_fault(verb), "");
    }
  }
  return conditions(verb);
}

Result<void> FaultyLab::left(const std::string& verb) {
  look("after " + verb);
  if (undoing_) {
    return second_fault(verb, true);
  }
  return phase_ && by_calls() && run_.acted ? act_fault(verb) : Result<void>{};
}

Result<void> FaultyLab::act_fault(const std::string& verb) {
  if (!run_.cell || !meant(run_.cell->moment) || call_ != run_.call + 1) {
    return {};
  }
  if (is(Fault::fails) || is(Fault::second_fault)) {
    struck_ = true;
    return planted("planted: " + verb + " does not work");
  }
  if (is(Fault::hangs) && run_.ended) {
    struck_ = true;
    throw Hung{};
  }
  if (is(Fault::hangs)) {
    struck_ = true;
    machine::pass_time(run_.cell->phase.deadline + std::chrono::hours(1));
    return planted("planted: " + verb + " did not end in time");
  }
  strike();
  return {};
}

Result<void> FaultyLab::second_fault(const std::string& verb, bool acted) {
  if (!is(Fault::second_fault) || second_struck_) {
    return stays_ == verb ? planted("planted: " + verb + " never works") : Result<void>{};
  }
  const bool here = undo_calls_.size() == run_.second_call + 1;
  if (!here || acted != (run_.second == Second::killed_after)) {
    return {};
  }
  second_struck_ = true;
  switch (run_.second) {
    case Second::killed:
    case Second::killed_after:
      throw Killed{};
    case Second::hangs:
      throw Hung{};
    case Second::stays:
      stays_ = verb;
      return planted("planted: " + verb + " never works");
    case Second::fails:
      break;
  }
  return planted("planted: " + verb + " does not work once");
}

Result<void> FaultyLab::conditions(const std::string& verb) {
  if (npu_gone_ && is_of_npu(verb)) {
    return planted("planted: issu-npud does not answer");
  }
  if (memory_short_ && takes_memory(verb)) {
    return planted("planted: no memory for " + verb);
  }
  if (peer_returns_after_ > 0 && verb.starts_with("control_plane") && --peer_returns_after_ == 0) {
    world.establishes = {{Slot::a, true}, {Slot::b, true}};
  }
  return {};
}

void FaultyLab::strike() {
  struck_ = true;
  switch (run_.cell->fault.fault) {
    case Fault::killed:
      if (run_.for_good) {
        causes_.emplace_back("never ended");
      }
      throw Killed{};
    case Fault::journal_torn:
      throw Killed{};
    case Fault::journal_flipped:
      flipped_ = true;
      throw Killed{};
    case Fault::npu_gone:
      // One that is started again at once has missed what came in between.
      npu_gone_ = run_.for_good;
      world.changes_missed = true;
      break;
    case Fault::old_side_gone:
      rp.die(from);
      break;
    case Fault::new_side_gone:
      rp.die(other(from));
      break;
    case Fault::probe_gone:
      ::kill(probe_, SIGKILL);
      ::waitpid(probe_, nullptr, 0);
      probe_ = 0;
      break;
    case Fault::disk_full:
      disk->fill();
      causes_.emplace_back("No space left");
      break;
    case Fault::peer_resets:
      peer_returns_after_ = 3;
      world.establishes = {{Slot::a, false}, {Slot::b, false}};
      break;
    case Fault::peer_down:
      world.establishes = {{Slot::a, false}, {Slot::b, false}};
      causes_.emplace_back("192.0.2.2");
      break;
    case Fault::memory_short:
      memory_short_ = true;
      break;
    case Fault::clock_forward:
      machine::set_clock_forward(std::chrono::hours(1));
      break;
    case Fault::second_fault:
    case Fault::abort_asked:
      REQUIRE(store.ask("abort"));
      break;
    case Fault::routes_missing:
      world.says[other(from)] = 500;
      break;
    case Fault::fails:
    case Fault::hangs:
      break;  // what a call answers, not what happens to the machine
  }
}

void FaultyLab::damage_journal() {
  const bool torn = is(Fault::journal_torn);
  if (!torn && !flipped_) {
    return;
  }
  std::string bytes = *read_file(store.journal());
  if (torn) {
    bytes.resize(bytes.size() - 7);
  } else {
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x20);
  }
  REQUIRE(write_file_atomic(store.journal(), bytes));
  world.fault = nullptr;  // it happens once
  world.acted = nullptr;
}

void FaultyLab::repair() {
  npu_gone_ = memory_short_ = run_.for_good = false;
  stays_.clear();
  peer_returns_after_ = 0;
  world.establishes = {{Slot::a, true}, {Slot::b, true}};
  world.changes_missed = false;
  causes_.clear();
  if (disk) {
    std::filesystem::remove(dir / "state" / "filler");
  }
}

tl::unexpected<Error> FaultyLab::planted(const std::string& what) {
  if (std::find(causes_.begin(), causes_.end(), what) == causes_.end()) {
    causes_.push_back(what);
  }
  return fail(what);
}

void FaultyLab::wrong(const std::string& what) {
  // Once is enough: what is wrong stays so at the next looks.
  const std::string kind = what.substr(0, what.find(':'));
  if (std::none_of(violations_.begin(), violations_.end(),
                   [&](const std::string& each) { return each.starts_with(kind); })) {
    violations_.push_back(what);
  }
}

void FaultyLab::look(const std::string& when) {
  const auto active = store.active();
  if (!active || !*active) {
    wrong("nobody knows which slot is active, " + when);
    return;
  }
  const Slot old_side = (*active)->slot;
  // Invariant 1: what the active slot is made of stays until another one is active.
  if (rp.power(old_side) < SlotPower::staged ||
      !std::filesystem::exists(store.slot_dir(old_side))) {
    wrong("invariant 1: no complete way back, " + when);
  }
  // Invariant 2.
  if (rp.two_active) {
    wrong("invariant 2: both sides write the NPU, " + when);
  }
  // Invariant 3.
  if (world.routes != 1000 || world.taken_out || world.unsafe_sweep) {
    wrong("invariant 3: routes left the NPU, " + when);
  }
  // Invariant 7: what lies in the other slot came out of a bundle that was verified.
  const auto& payload = rp.staged[other(from)].file;
  const SlotPower power = rp.power(other(from));
  if ((power >= SlotPower::staged && payload != store.payload(other(from))) ||
      (power >= SlotPower::booted && !std::filesystem::exists(payload))) {
    wrong("invariant 7: what is staged was not verified, " + when);
  }
}

}  // namespace issu::tests
