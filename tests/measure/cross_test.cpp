#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <optional>

#include "issu/measure/probe.hpp"
#include "tests/measure/capture.hpp"
#include "tests/measure/detour.hpp"
#include "tests/measure/router_lab.hpp"
#include "tests/skip.hpp"

// The instrument beside tcpdump on the same run: both have to count the same, to the packet. Times
// are never compared with what they should be, only with what the other saw.

using namespace issu;
using namespace issu::measure;
using issu::test::Capture;
using issu::test::CapturedStream;
using issu::test::DaemonLab;
using issu::test::Detour;
using issu::test::RouterLab;
using issu::test::show;

namespace {

/// Both read the kernel's time stamp of the same packet; the instrument moves it to the monotonic
/// clock by a difference of two clocks that it reads anew for each batch.
constexpr double gap_agrees_to_ms = 0.1;

unsigned long long number(std::uint64_t value) {
  return static_cast<unsigned long long>(value);
}

std::string missing() {
  const std::string lab = DaemonLab::missing();
  return lab.empty() ? Capture::missing() : lab;
}

struct Seen {
  Measurement probe;
  std::vector<CapturedStream> capture;
};

/// One run with both instruments. Nothing when tcpdump's own account says that it is no evidence.
std::optional<Seen> run_both(RouterLab& router, double pps, std::chrono::milliseconds time) {
  const MeasurePlan plan = router.plan(pps / 4);
  Capture capture(router.lab);
  capture.start("f1", "e1");
  capture.start("f2", "e2");
  const ProcessId process = router.start(plan);
  sleep_for(time);
  auto probe = Probe::stop(process, router.out());
  REQUIRE_MESSAGE(probe, probe.error().message());
  capture.stop();
  show(*probe);
  const double seconds = to_s(probe->end - probe->begin);
  std::printf("%.0f pps planned, %.0f pps held, %llu sent, %llu lost\n", pps,
              static_cast<double>(probe->sent) / seconds, number(probe->sent), number(probe->lost));
  if (const std::string why = capture.not_comparable(); !why.empty()) {
    std::printf("not comparable: %s\n", why.c_str());
    return std::nullopt;
  }
  return Seen{*probe, capture.count(plan)};
}

/// Of all gaps that have an arrival on both sides, the largest difference of their lengths.
double gap_difference_ms(const StreamResult& stream, const CapturedStream& seen, MonoNs begin) {
  std::vector<MonoNs> lengths;
  for (const Gap& gap : stream.gaps) {
    if (gap.after != 0 && gap.before != begin) {
      lengths.push_back(gap.length());
    }
  }
  CHECK(lengths.size() == std::min(seen.gaps_ns.size(), SequenceAccount::gaps_kept));
  double most = 0;
  for (std::size_t i = 0; i < std::min(lengths.size(), seen.gaps_ns.size()); ++i) {
    most = std::max(most, std::abs(to_ms(lengths[i] - seen.gaps_ns[i])));
  }
  return most;
}

void compare(const Seen& seen) {
  for (std::size_t i = 0; i < seen.capture.size(); ++i) {
    const StreamResult& stream = seen.probe.streams[i];
    const CapturedStream& captured = seen.capture[i];
    CAPTURE(stream.name);
    CHECK(stream.sent == captured.sent);
    CHECK(stream.totals.received == captured.received);
    CHECK(stream.totals.lost == captured.lost);
    CHECK(stream.totals.duplicated == captured.duplicated);
    CHECK(stream.totals.reordered == captured.reordered);
    CHECK(stream.totals.gap_count == captured.gap_count);
    CHECK(captured.strangers == 0);
    const double difference = gap_difference_ms(stream, captured, seen.probe.begin);
    CHECK(difference < gap_agrees_to_ms);
    std::printf(
        "%-7s both: sent %llu received %llu lost %llu duplicated %llu reordered %llu gaps %llu; "
        "gap lengths differ by %.3f us at most\n",
        stream.name.c_str(), number(captured.sent), number(captured.received),
        number(captured.lost), number(captured.duplicated), number(captured.reordered),
        number(captured.gap_count), difference * 1e3);
  }
}

/// Rules that hit frames by the number that they carry, so that nothing depends on the moment.
/// Bits of the transport header: 64 magic, 96 stream, 112 warm-up, 192 number.
std::string frames_of(int stream) {
  return "@th,64,32 0x49535355 @th,96,16 " + std::to_string(stream) + " @th,112,16 0 ";
}

constexpr std::uint64_t gap_frames = 250;
constexpr std::uint64_t copied_frames = 100;

/// right4: each 50th dropped; left4: 250 in a row dropped; right6: 100 copied; left6: each 256th
/// takes the detour.
void inject(RouterLab& router) {
  router.lab.sysctl("r", "net.ipv4.conf.all.rp_filter", "0");
  router.lab.sysctl("r", "net.ipv4.conf.late.rp_filter", "0");
  router.lab.ip("r", "-6 route add default dev late table 7");
  router.lab.ip("r", "-6 rule add fwmark 7 lookup 7");
  router.nft(
      "table inet cut {\n counter dropped { }\n counter late { }\n"
      " chain forward {\n  type filter hook forward priority 0;\n  " +
      frames_of(0) + "numgen inc mod 50 7 counter name dropped drop\n  " + frames_of(1) +
      "@th,224,32 >= 500 @th,224,32 < " + std::to_string(500 + gap_frames) + " drop\n }\n" +
      " chain prerouting {\n  type filter hook prerouting priority mangle;\n  iifname \"p2\" " +
      frames_of(3) + "@th,248,8 7 counter name late meta mark set 7\n }\n}\n" +
      "table ip6 copy {\n chain forward {\n  type filter hook forward priority 10;\n  " +
      frames_of(2) + "@th,224,32 >= 500 @th,224,32 < " + std::to_string(500 + copied_frames) +
      " dup to 2001:db8:2::2 device \"p2\"\n }\n}\n");
}

/// Whether the machine sent as fast as it was to and lost nothing beside `injected`.
bool held(const Seen& seen, std::uint64_t injected) {
  std::uint64_t lost = 0;
  for (const CapturedStream& stream : seen.capture) {
    lost += stream.lost;
  }
  return seen.probe.measured && lost == injected;
}

/// The rate for another try: a little under what the machine has just sent.
double lower(const Seen& seen, double pps) {
  const double sent =
      static_cast<double>(seen.probe.sent) / to_s(seen.probe.end - seen.probe.begin);
  const double next = std::floor(std::min(sent, pps) * 0.8 / 1000) * 1000;
  std::printf("this machine does not hold %.0f pps now (%.0f): again with %.0f\n", pps, sent, next);
  return std::max(next, 1000.0);
}

/// Exactly what was injected, by the instrument's own numbers.
void check_injected(const Measurement& probe, std::uint64_t dropped, std::uint64_t late) {
  CHECK(probe.measured);
  const StreamResult& each = probe.streams[0];
  CHECK(dropped > 10);
  CHECK(each.totals.lost == dropped);
  CHECK(each.totals.gap_count == dropped);
  CHECK(each.impact_loss_ms ==
        doctest::Approx(static_cast<double>(dropped) * 1000 / each.rate_pps));
  const StreamResult& row = probe.streams[1];
  CHECK(row.totals.lost == gap_frames);
  CHECK(row.totals.gap_count == 1);
  CHECK(row.impact_loss_ms == doctest::Approx(gap_frames * 1000 / row.rate_pps));
  CHECK(row.impact_timestamp_ms == doctest::Approx(to_ms(row.totals.longest_gap)));
  const StreamResult& copied = probe.streams[2];
  CHECK(copied.totals.duplicated == copied_frames);
  CHECK(copied.totals.lost == 0);
  const StreamResult& swapped = probe.streams[3];
  CHECK(late > 5);
  CHECK(swapped.totals.reordered == late);
  CHECK(swapped.totals.lost == 0);
  CHECK(probe.duplicated == copied_frames);
  CHECK(probe.reordered == late);
}

constexpr int attempts = 6;

void check_cross(double pps) {
  for (int attempt = 0; attempt < attempts; ++attempt) {
    RouterLab router;
    const auto seen = run_both(router, pps, std::chrono::milliseconds(1500));
    if (!seen) {
      continue;
    }
    compare(*seen);  // whatever the machine holds
    if (held(*seen, 0)) {
      std::printf("agreed to the packet at %.0f pps, nothing lost\n", pps);
      return;
    }
    pps = lower(*seen, pps);
  }
  FAIL("no run was comparable, or the machine held no rate that was tried");
}

void check_injections(double pps) {
  for (int attempt = 0; attempt < attempts; ++attempt) {
    RouterLab router;
    const Detour detour(router.lab, "r", "late", std::chrono::milliseconds(30));
    inject(router);
    const auto seen = run_both(router, pps, std::chrono::milliseconds(1500));
    if (!seen) {
      continue;
    }
    compare(*seen);
    const std::uint64_t dropped = router.nft_counter("dropped");
    const std::uint64_t late = router.nft_counter("late");
    if (held(*seen, dropped + gap_frames)) {
      std::printf("injected: %llu dropped, %llu in a row, %llu copied, %llu late, at %.0f pps\n",
                  number(dropped), number(gap_frames), number(copied_frames), number(late), pps);
      check_injected(seen->probe, dropped, late);
      return;
    }
    pps = lower(*seen, pps);
  }
  FAIL("no run was comparable, or the machine held no rate that was tried");
}

}  // namespace

TEST_CASE("the instrument and tcpdump agree to the packet at 10,000 packets a second") {
  if (const std::string why = missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  check_cross(10'000);
}

TEST_CASE("the instrument and tcpdump agree to the packet at 100,000 packets a second") {
  if (const std::string why = missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  check_cross(100'000);
}

TEST_CASE("injected losses, copies and late frames are counted exactly at 10,000 a second") {
  if (const std::string why = missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  check_injections(10'000);
}

TEST_CASE("injected losses, copies and late frames are counted exactly at 100,000 a second") {
  if (const std::string why = missing(); !why.empty()) {
    ISSU_SKIP(why);
  }
  check_injections(100'000);
}
