#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "backends/npu/soft/control_client.hpp"
#include "backends/npu/soft/npud_process.hpp"
#include "checkpoint/state_document.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "state-sync/fpm/frames.hpp"
#include "state-sync/tables/writer.hpp"
#include "tests/backends/npu/soft/soft_lab.hpp"
#include "tests/skip.hpp"
#include "tests/state-sync/fpm/messages.hpp"

using namespace issu;
using namespace issu::backends;
using contract::block;
using nlohmann::json;

#define NEEDS_ROOT()                                    \
  if (::geteuid() != 0) {                               \
    ISSU_SKIP("root is needed for network namespaces"); \
  }

namespace {

constexpr auto patience = std::chrono::seconds(10);

json asked(const SoftLab& lab, const json& words) {
  const auto answer = soft::ControlClient(lab.files().socket()).ask(words);
  REQUIRE_MESSAGE(answer, answer.error().message());
  return *answer;
}

}  // namespace

TEST_CASE("the route processor's namespace has an image of each port, the NPU's has the port") {
  NEEDS_ROOT();
  SoftLab lab("fpm");
  lab.router().ports[0].mtu = 1400;
  const auto npu = lab.make();
  REQUIRE(npu->up());
  const auto port = SoftLab::ip(lab.router().npu_netns(), {"address", "show", "dev", "p0"});
  const auto image = SoftLab::ip(lab.router().netns, {"address", "show", "dev", "p0"});
  CHECK(port.find("inet") == std::string::npos);
  CHECK(image.find("192.0.2.1/24") != std::string::npos);
  CHECK(image.find("2001:db8::1/64") != std::string::npos);
  CHECK(image.find("fe80::") != std::string::npos);
  CHECK(image.find("mtu 1400") != std::string::npos);
  const auto mac_of = [](const std::string& shown) {
    return shown.substr(shown.find("link/ether ") + 11, 17);
  };
  CHECK(mac_of(port) == mac_of(image));
  const json shown = asked(lab, {{"verb", "show"}});
  CHECK(shown["ports"].size() == 2);
  CHECK(shown["ports"][0]["mtu"] == 1400);
  // A link that is lost at the port is lost at its image.
  SoftLab::ip(lab.peer(0), {"link", "set", "q0", "down"});
  CHECK(wait_until(
      [&] {
        return SoftLab::ip(lab.router().netns, {"link", "show", "dev", "p0"}).find("LOWER_UP") ==
               std::string::npos;
      },
      Deadline::in(patience)));
}

TEST_CASE("slots with machines of their own: a tap each, which outlives npud; one is punted to") {
  NEEDS_ROOT();
  for (const char* engine : {"packet", "xdp"}) {
    CAPTURE(engine);
    SoftLab lab("fpm", engine);
    lab.router().npu.punt_links = PuntLinks::taps;
    const auto npu = lab.make();
    const auto up = npu->up();
    REQUIRE_MESSAGE(up, up.error().message());
    const auto there = [&](const char* tap) {
      return SoftLab::ip(lab.router().npu_netns(), {"-d", "link", "show", "dev", tap})
                 .find("persist on") != std::string::npos;
    };
    for (const char* tap : {"punt0a", "punt0b", "punt1a", "punt1b"}) {
      CAPTURE(tap);
      CHECK(there(tap));
    }
    // Nobody here has the router's addresses: they are those of the description.
    json shown = asked(lab, {{"verb", "show"}});
    CHECK(shown["punt_slot"] == 0);
    CHECK(shown.dump().find("192.0.2.1") != std::string::npos);
    CHECK(asked(lab, {{"verb", "punt"}, {"slot", 1}})["punt_slot"] == 1);
    CHECK_FALSE(soft::ControlClient(lab.files().socket()).ask({{"verb", "punt"}, {"slot", 2}}));
    CHECK_FALSE(soft::ControlClient(lab.files().socket()).ask({{"verb", "punt"}, {"slot", "b"}}));
    const ProcessId before = lab.npud();
    ::kill(before.pid, SIGKILL);
    CHECK(wait_until(
        [&] {
          const auto answer = soft::ControlClient(lab.files().socket()).ask({{"verb", "show"}});
          return answer && (*answer)["pid"] != before.pid && (*answer)["punt_slot"] == 1;
        },
        Deadline::in(patience)));
    CHECK(there("punt0b"));
    REQUIRE(npu->down());
  }
}

TEST_CASE("down leaves no namespace, no process, no mount and no file") {
  NEEDS_ROOT();
  for (const char* engine : {"packet", "xdp"}) {
    CAPTURE(engine);
    SoftLab lab("fpm", engine);
    const auto npu = lab.make();
    const auto up = npu->up();
    REQUIRE_MESSAGE(up, up.error().message());
    const ProcessId npud = lab.npud();
    const ProcessId keeper = soft::keeper_of(lab.files());
    struct stat status {};
    REQUIRE(::stat(lab.files().socket().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
    REQUIRE(npu->down());
    CHECK_FALSE(is_alive(npud));
    CHECK_FALSE(is_alive(keeper));
    CHECK_FALSE(NetNs::exists(lab.router().netns));
    CHECK_FALSE(NetNs::exists(lab.router().npu_netns()));
    CHECK_FALSE(std::filesystem::exists(lab.router().run_dir));
  }
}

TEST_CASE("an npud that was killed comes back by itself and finds its tables") {
  NEEDS_ROOT();
  SoftLab lab("fpm");
  const auto npu = lab.make();
  REQUIRE(npu->up());
  lab.install(block("10.0.0.0/24", 500), 0);
  lab.install(block("2001:db8:1000::/48", 200), 0);
  const ProcessId before = lab.npud();
  REQUIRE(send_signal(before, SIGKILL));
  REQUIRE(wait_until(
      [&] {
        const ProcessId now = lab.npud();
        return now.pid != 0 && now.pid != before.pid;
      },
      Deadline::in(patience)));
  CHECK(npu->size()->total() == 700);
  CHECK(lab.count() == 700);
}

TEST_CASE("a new npud takes over; it is refused while a new side's routes are on their way") {
  NEEDS_ROOT();
  SoftLab lab("fpm");
  const auto npu = lab.make();
  REQUIRE(npu->up());
  lab.install(block("10.0.0.0/24", 500), 0);
  const ProcessId before = lab.npud();
  const ProcessId keeper = soft::keeper_of(lab.files());
  const auto replace = [&] {
    return soft::replace_npud(ISSU_BIN_DIR "/issu-npud", lab.files(), lab.router().npu_netns());
  };
  const auto replaced = replace();
  REQUIRE_MESSAGE(replaced, replaced.error().message());
  CHECK(wait_until([&] { return !is_alive(before) && !is_alive(keeper); }, Deadline::in(patience)));
  CHECK(npu->size()->total() == 500);
  const ProcessId second = lab.npud();
  CHECK(second.pid != before.pid);
  REQUIRE(npu->watch());
  REQUIRE(npu->hold(1));
  const auto refused = soft::ControlClient(lab.files().socket()).ask({{"verb", "handover"}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  CHECK(lab.npud().pid == second.pid);
}

TEST_CASE("a sweep deletes from the route processor's kernel, too") {
  NEEDS_ROOT();
  SoftLab lab("netlink");
  const auto npu = lab.make();
  REQUIRE(npu->up());
  lab.install(block("10.0.0.0/24", 20), 0);
  REQUIRE(npu->watch());
  REQUIRE(npu->hold(1));
  REQUIRE(npu->refresh(1, block("10.0.0.0/24", 15)));
  REQUIRE(npu->sweep(1));
  CHECK(lab.count() == 15);
  const auto left = SoftLab::ip(lab.router().netns, {"route", "show", "proto", "186"});
  CHECK(left.find("10.0.14.0/24") != std::string::npos);
  CHECK(left.find("10.0.15.0/24") == std::string::npos);
  CHECK(asked(lab, {{"verb", "diff"}})["only_kernel"] == 0);
}

TEST_CASE("a snapshot brings routes back, and takes those away that are not in it") {
  NEEDS_ROOT();
  SoftLab lab("fpm");
  const auto npu = lab.make();
  REQUIRE(npu->up());
  lab.install(block("10.0.0.0/24", 300), 0);
  const auto file = (lab.router().state_dir.parent_path() / "before.npu").string();
  const json taken = asked(lab, {{"verb", "snapshot"}, {"file", file}});
  CHECK(taken["routes"] == 300);
  lab.withdraw(block("10.0.0.0/24", 100));
  lab.install(block("10.9.0.0/24", 7), 1);
  REQUIRE(npu->size()->total() == 207);
  const json restored = asked(lab, {{"verb", "restore"}, {"file", file}});
  CHECK(restored["routes"] == 300);
  CHECK(restored["removed"] == 7);
  CHECK(restored["left_out"] == 0);
  CHECK(lab.count() == 300);
  const json routes = asked(lab, {{"verb", "routes"}, {"within", "10.0.0.0/23"}});
  REQUIRE(routes["total"] == 2);
  CHECK(routes["routes"][0]["nexthop"]["via"] == "192.0.2.2");
  // As large as what is in it: the tables have room for two million routes.
  CHECK(taken["bytes"].get<std::size_t>() == std::filesystem::file_size(file));
  CHECK(taken["bytes"] < 20'000);
}

TEST_CASE(
    "a snapshot that is not this router's as it was written is refused, and nothing changes") {
  NEEDS_ROOT();
  SoftLab lab("fpm");
  const auto npu = lab.make();
  REQUIRE(npu->up());
  lab.install(block("10.0.0.0/24", 50), 0);
  const auto file = (lab.router().state_dir.parent_path() / "before.npu").string();
  asked(lab, {{"verb", "snapshot"}, {"file", file}});
  lab.withdraw(block("10.0.0.0/24", 10));
  const auto why_not = [&] {
    const auto restored =
        soft::ControlClient(lab.files().socket()).ask({{"verb", "restore"}, {"file", file}});
    CHECK(lab.count() == (restored ? 50 : 40));
    return restored ? std::string() : restored.error().message();
  };
  const auto written = read_file(file, 1 << 20).value();
  const auto says = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  SUBCASE("truncated") {
    REQUIRE(::truncate(file.c_str(), static_cast<off_t>(written.size() - 100)) == 0);
    CHECK(says(why_not(), "damaged"));
  }
  SUBCASE("empty") {
    REQUIRE(::truncate(file.c_str(), 0) == 0);
    CHECK(says(why_not(), "no state document"));
  }
  SUBCASE("one bit") {
    std::string damaged = written;
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
    REQUIRE(write_file_atomic(file, damaged));
    CHECK(says(why_not(), "damaged"));
  }
  const auto rewrite = [&](std::uint32_t schema, const std::string& router) {
    const auto document =
        checkpoint::decode_state(std::as_bytes(std::span(written)), {"npu-tables", 0, 99}).value();
    auto sections = document.sections;
    sections[0].bytes = std::as_bytes(std::span(router));
    const auto bytes = checkpoint::encode_state("npu-tables", schema, sections).value();
    REQUIRE(write_file_atomic(
        file, {reinterpret_cast<const char*>(bytes.span().data()), bytes.span().size()}));
  };
  SUBCASE("an older form") {
    rewrite(1, lab.router().name);
    CHECK(says(why_not(), "its schema is 1"));
  }
  SUBCASE("another router's") {
    rewrite(2, "another");
    CHECK(says(why_not(), "is of the router another"));
  }
  SUBCASE("the same again") {
    rewrite(2, lab.router().name);
    CHECK(why_not().empty());
  }
}

TEST_CASE("what npud can't follow is counted and told at most once a second, and it goes on") {
  NEEDS_ROOT();
  SoftLab lab("fpm");
  const auto npu = lab.make();
  REQUIRE(npu->up());
  lab.install(block("10.0.0.0/24", 20), 0);
  const auto counted = [&](const char* counter) {
    return asked(lab, {{"verb", "show"}})["feed"][counter].get<std::uint64_t>();
  };
  const auto told = [&] {
    const std::string log = read_file(lab.files().log(), 1 << 20).value();
    std::size_t lines = 0;
    for (auto at = log.find("feed: "); at != std::string::npos; at = log.find("feed: ", at + 1)) {
      ++lines;
    }
    return lines;
  };
  const auto heard = [&](const char* counter, const std::vector<std::byte>& bytes,
                         std::uint64_t faults) {
    const std::uint64_t before = counted(counter);
    lab.say_bytes(bytes);
    CHECK(wait_until([&] { return counted(counter) == before + faults; }, Deadline::in(patience)));
    CHECK(lab.count() == 20);
  };
  const auto frame = [](int version, int type, int length) {
    return std::vector{std::byte(version), std::byte(type), std::byte(0), std::byte(length)};
  };
  const MonoNs began = mono_now();
  heard("malformed", frame(2, 1, 4), 1);
  heard("malformed", frame(1, 2, 4), 1);
  heard("malformed", frame(1, 1, 3), 1);
  std::vector<std::byte> overrun;
  auto message = tests::new_route("10.7.0.0/16", 1);
  message[sizeof(nlmsghdr) + sizeof(rtmsg)] = std::byte{200};  // the length of its first attribute
  fpm::append_frame(overrun, message);
  heard("malformed", overrun, 1);
  std::vector<std::byte> unknown;
  for (int n = 0; n < 1000; ++n) {
    fpm::append_frame(unknown, tests::new_route("10.8." + std::to_string(n % 256) + ".0/24", 77));
  }
  heard("unknown_nexthop", unknown, 1000);
  // In the middle of a frame the connection ends.
  lab.say_bytes({unknown.begin(), unknown.begin() + 10});
  const auto elapsed = static_cast<std::size_t>(to_s(mono_now() - began));
  CHECK(told() >= 1);
  CHECK(told() <= 2 + elapsed);
  lab.hang_up();
  lab.install(block("10.9.0.0/24", 5), 0);
  CHECK(lab.count() == 25);
}

TEST_CASE("there is one writer; tables that can't be read are replaced, and it is told") {
  NEEDS_ROOT();
  SoftLab lab("fpm");
  const auto npu = lab.make();
  REQUIRE(npu->up());
  lab.install(block("10.0.0.0/24", 20), 0);
  {
    const auto segment = tables::Segment::open_file(lab.files().tables());
    REQUIRE(segment);
    CHECK_FALSE(tables::Writer::open(*segment));
  }
  lab.install(block("10.1.0.0/24", 20), 0);
  CHECK(lab.count() == 40);
  lab.kill_npud_and_keeper();
  const std::string file = lab.files().tables();
  const char* said = "";
  SUBCASE("another version") {
    const Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    const std::uint32_t version = NPU_LAYOUT_VERSION + 1;
    REQUIRE(::pwrite(fd.get(), &version, sizeof version, offsetof(npu_header, version)) == 4);
    said = "layout version";
  }
  SUBCASE("truncated") {
    REQUIRE(::truncate(file.c_str(), 100'000) == 0);
    said = "truncated";
  }
  REQUIRE(npu->up());
  CHECK(read_file(lab.files().log(), 1 << 20)->find(said) != std::string::npos);
  lab.hang_up();
  lab.install(block("10.2.0.0/24", 7), 0);
  CHECK(lab.count() == 7);
}

TEST_CASE("who forwards does not wait for the processors that the control plane computes on") {
  NEEDS_ROOT();
  sched_param realtime{};
  realtime.sched_priority = 1;
  const sched_param ordinary{};
  if (::sysconf(_SC_NPROCESSORS_ONLN) < 2 || ::sched_setscheduler(0, SCHED_FIFO, &realtime) != 0) {
    ISSU_SKIP("one processor, or no real-time priority for this user");
  }
  REQUIRE(::sched_setscheduler(0, SCHED_OTHER, &ordinary) == 0);
  SoftLab lab("fpm");
  const auto npu = lab.make();
  REQUIRE(npu->up());
  const auto forwards_first = [&lab] {
    const std::string tasks = "/proc/" + std::to_string(lab.npud().pid) + "/task";
    std::error_code error;
    const auto threads = std::filesystem::directory_iterator(tasks, error);
    return std::any_of(begin(threads), end(threads), [](const auto& thread) {
      return ::sched_getscheduler(std::stoi(thread.path().filename())) == SCHED_FIFO;
    });
  };
  CHECK(wait_until(forwards_first, Deadline::in(patience)));
}
