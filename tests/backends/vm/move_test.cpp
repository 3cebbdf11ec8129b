// A real guest moves between two libvirt daemons and back; what stands in its way is told, and it
// runs on.

#include <doctest/doctest.h>
#include <signal.h>

#include <thread>

#include "issu/drill/hypervisors.hpp"
#include "tests/backends/vm/guest_lab.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::backends::vm;
using namespace issu::testing;
using issu::drill::PrivateHypervisor;

namespace {

namespace fs = std::filesystem;

std::string missing_for_a_move() {
  for (const char* program : {"libvirtd", "unshare"}) {
    if (!run({program, "--version"})) {
      return std::string(program) + " is not installed: scenarios/setup";
    }
  }
  return missing();
}

/// A guest, and two daemons between which it moves.
class MoveLab {
 public:
  MoveLab() = default;
  /// Apart from the constructor: what was begun is taken away when a step of it fails.
  void start() {
    for (unsigned n = 0; n < 2; ++n) {
      daemons_[n].dir = dir_ / ("h" + std::to_string(n));
      start_daemon(n);
      const fs::path slot = folder(n);
      fs::create_directories(slot);
      fs::create_symlink(guest_base, slot / "base.qcow2");
    }
    domain.name = name(0);
    domain.memory_mib = 256;
    domain.disk = folder(0) / "disk.qcow2";
    domain.serial_log = folder(0) / "serial.log";
    GUEST_OK(run_checked({"qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F",
                          "qcow2", domain.disk.string()}));
    fs::create_hard_link(domain.disk, folder(1) / "disk.qcow2");
    GUEST_OK(at(0).start(domain));
    const auto up = GuestAgent(at(0), name(0)).wait(boots_within);
    REQUIRE_MESSAGE(up, up.error().message() << read_file(domain.serial_log).value_or(""));
    // Something that goes on as long as the machine does.
    in_guest(0,
             "(while :; do echo >>/run/ticks; /usr/bin/busybox usleep 50000; done) </dev/null "
             ">/dev/null 2>&1 &");
  }
  MoveLab(const MoveLab&) = delete;
  MoveLab& operator=(const MoveLab&) = delete;
  ~MoveLab() {
    for (unsigned n = 0; n < 2; ++n) {
      if (!is_alive(processes_[n])) {
        processes_[n] = daemons_[n].start(n).value_or(ProcessId{});
      }
      auto hypervisor = Hypervisor::open({.uri = daemons_[n].uri(), .root = {}, .netns = {}});
      CHECK((hypervisor && hypervisor->destroy(name(n))));
      CHECK(PrivateHypervisor::end(processes_[n]).has_value());
    }
  }

  void start_daemon(unsigned n) {
    auto started = daemons_[n].start(n);
    REQUIRE_MESSAGE(started, started.error().message());
    processes_[n] = *started;
    hypervisors_[n].reset();
  }
  void kill_daemon(unsigned n) { GUEST_OK(send_signal(processes_[n], SIGKILL)); }
  [[nodiscard]] Hypervisor open(unsigned n) const {
    auto opened = Hypervisor::open({.uri = daemons_[n].uri(), .root = {}, .netns = {}});
    REQUIRE_MESSAGE(opened, opened.error().message());
    return std::move(*opened);
  }
  Hypervisor& at(unsigned n) {
    if (!hypervisors_[n]) {
      hypervisors_[n].emplace(open(n));
    }
    return *hypervisors_[n];
  }
  [[nodiscard]] static std::string name(unsigned n) { return "guest-" + std::to_string(n); }
  [[nodiscard]] Move from(unsigned n) const {
    Move how;
    how.new_name = name(1 - n);
    how.from.folder = folder(n);
    how.to.folder = folder(1 - n);
    how.stream = dir_ / "stream";
    how.limits.timeout_s = 60;
    return how;
  }
  Result<void> move_from(unsigned n, const Move& how) {
    return at(n).move(name(n), at(1 - n), how);
  }
  std::string in_guest(unsigned n, const std::string& script) {
    auto said = GuestAgent(at(n), name(n)).run({"/usr/bin/busybox", "sh", "-c", script}, soon);
    REQUIRE_MESSAGE(said, said.error().message());
    CHECK_MESSAGE(said->exit_code == 0, said->errors);
    return said->output;
  }
  /// How far it has come, and that it goes on from there.
  int ticks(unsigned n) {
    const int before = std::stoi(in_guest(n, "/usr/bin/busybox wc -l </run/ticks"));
    for (int look = 0; look < 50; ++look) {
      if (const int now = std::stoi(in_guest(n, "/usr/bin/busybox wc -l </run/ticks"));
          now > before) {
        return now;
      }
    }
    FAIL("the guest stands still");
    return 0;
  }
  /// Writes its memory anew faster than anybody could send it.
  void write_memory() {
    in_guest(
        0,
        "/usr/bin/busybox mkdir /run/d; /usr/bin/busybox mount -t tmpfs -o size=100m t /run/d; "
        "(while :; do /usr/bin/busybox dd if=/dev/urandom of=/run/d/x bs=1M count=60 "
        "conv=notrunc; done) </dev/null >/dev/null 2>&1 &");
  }
  void runs_on_where_it_was(int ticks_before) {
    const auto there = at(0).settle(name(0), at(1), name(1));
    REQUIRE_MESSAGE(there, there.error().message());
    CHECK_FALSE(*there);
    CHECK(*at(0).power(name(0)) == Power::running);
    CHECK(*at(1).power(name(1)) == Power::absent);
    CHECK(ticks(0) > ticks_before);
  }

  Domain domain;

 private:
  [[nodiscard]] fs::path folder(unsigned n) const {
    return dir_ / (std::string("slot-") + (n == 0 ? 'a' : 'b'));
  }

  tests::TempDir dir_;
  PrivateHypervisor daemons_[2];
  ProcessId processes_[2];
  std::optional<Hypervisor> hypervisors_[2];
};

}  // namespace

TEST_CASE("a guest moves to another hypervisor and back, and goes on where it was") {
  if (!missing_for_a_move().empty()) {
    ISSU_SKIP(missing_for_a_move());
  }
  MoveLab lab;
  lab.start();
  MESSAGE(lab.at(0).describe().value());
  GUEST_OK(lab.at(0).check_move(lab.name(0), lab.at(1)));
  int ticks = lab.ticks(0);
  for (const unsigned from : {0U, 1U, 0U}) {
    const unsigned to = 1 - from;
    const auto moved = lab.move_from(from, lab.from(from));
    REQUIRE_MESSAGE(moved, moved.error().message());
    CHECK(*lab.at(from).power(lab.name(from)) == Power::absent);
    CHECK(*lab.at(to).power(lab.name(to)) == Power::running);
    const int now = lab.ticks(to);
    CHECK(now > ticks);
    ticks = now;
    for (int time = 0; time < 2; ++time) {
      const auto counts = lab.at(to).counts(lab.name(to));
      REQUIRE(counts);
      REQUIRE(*counts);
      CHECK((*counts)->iterations > 0);
      CHECK((*counts)->bytes > 0);
      CHECK((*counts)->downtime_ms > 0);
      CHECK((*counts)->downtime_ms <= (*counts)->total_ms);
      if (time == 0) {
        MESSAGE("moved in " << (*counts)->total_ms << " ms, downtime " << (*counts)->downtime_ms
                            << " ms, " << (*counts)->bytes << " bytes, " << (*counts)->iterations
                            << " passes");
      }
    }
    // Nothing more to do, whoever asks.
    CHECK(lab.at(from).settle(lab.name(from), lab.at(to), lab.name(to)).value());
  }
}

TEST_CASE("a move that does not converge, or is not wanted any more, is undone in its time") {
  if (!missing_for_a_move().empty()) {
    ISSU_SKIP(missing_for_a_move());
  }
  MoveLab lab;
  lab.start();
  lab.write_memory();
  const int ticks = lab.ticks(0);
  const auto expect_given_up = [&](const Move& how, const std::string& words, double within_s) {
    CAPTURE(words);
    const MonoNs begun = mono_now();
    const auto moved = lab.move_from(0, how);
    REQUIRE_FALSE(moved);
    CHECK_MESSAGE(moved.error().message().find(words) != std::string::npos,
                  moved.error().message());
    MESSAGE(to_s(mono_now() - begun) << " s: " << moved.error().message());
    CHECK(to_s(mono_now() - begun) < within_s);
    lab.runs_on_where_it_was(ticks);
  };
  Move how = lab.from(0);
  how.live_without_kvm = true;  // one that stands still always converges; and none of these arrives
  how.limits.bandwidth_mib_s = 10;
  how.limits.downtime_ms = 10;
  how.limits.timeout_s = 8;
  expect_given_up(how, "it takes longer than 8 s", 20);
  how.limits.bandwidth_mib_s = 20;
  how.limits.iterations = 3;
  how.limits.timeout_s = 60;
  expect_given_up(how, "does not converge within 3 passes", 40);
  const Deadline asked = Deadline::in(std::chrono::seconds(3));
  how.limits.bandwidth_mib_s = 10;
  how.give_up = [&] { return asked.passed(); };
  expect_given_up(how, "abort was asked for", 15);
}

TEST_CASE("a libvirt that is gone in the middle of a move is told; the guest runs on") {
  if (!missing_for_a_move().empty()) {
    ISSU_SKIP(missing_for_a_move());
  }
  MoveLab lab;
  lab.start();
  lab.write_memory();
  Move how = lab.from(0);
  how.limits.bandwidth_mib_s = 10;
  how.limits.downtime_ms = 10;
  const auto killed_in_the_middle = [&](unsigned n) {
    const int ticks = lab.ticks(0);
    (void)lab.at(1);
    std::jthread killer([&] {
      sleep_for(std::chrono::seconds(4));
      lab.kill_daemon(n);
    });
    const MonoNs begun = mono_now();
    const auto moved = lab.move_from(0, how);
    REQUIRE_FALSE(moved);
    MESSAGE(to_s(mono_now() - begun) << " s: " << moved.error().message());
    CHECK(to_s(mono_now() - begun) < 15);
    killer.join();
    if (n == 1) {
      // Where it runs can be told without the other one.
      CHECK_FALSE(lab.at(0).settle(lab.name(0), lab.at(1), lab.name(1)).value());
    } else {
      CHECK_FALSE(lab.at(0).settle(lab.name(0), lab.at(1), lab.name(1)));
    }
    lab.start_daemon(n);
    lab.runs_on_where_it_was(ticks);
  };
  SUBCASE("the one that takes it in") {
    killed_in_the_middle(1);
  }
  SUBCASE("the one that it runs at") {
    killed_in_the_middle(0);
  }
}

TEST_CASE("what can't take a guest in is refused before") {
  if (!missing_for_a_move().empty()) {
    ISSU_SKIP(missing_for_a_move());
  }
  MoveLab lab;
  lab.start();
  const auto refused = [&](const Hypervisor& other, const std::string& words) {
    const auto checked = lab.at(0).check_move(lab.name(0), other);
    REQUIRE_FALSE(checked);
    CHECK_MESSAGE(checked.error().message().find(words) != std::string::npos,
                  checked.error().message());
  };
  refused(lab.open(0), "the same hypervisor");
  auto own = Hypervisor::open({.uri = {}, .root = root(), .netns = {}});
  REQUIRE_MESSAGE(own, own.error().message());
  refused(*own, "can't take a running machine in");
}
