#include <doctest/doctest.h>

#include <random>
#include <vector>

#include "issu/measure/histogram.hpp"
#include "issu/measure/sequence.hpp"

using namespace issu;
using namespace issu::measure;

namespace {

/// Frame n arrives at 1000 * (n + 1).
void arrive(SequenceAccount& account, const std::vector<std::uint64_t>& numbers) {
  for (const std::uint64_t number : numbers) {
    account.arrived(number, static_cast<MonoNs>(1000 * (number + 1)));
  }
}

}  // namespace

TEST_CASE("all frames in order: nothing is lost") {
  SequenceAccount account(0);
  arrive(account, {0, 1, 2, 3, 4});
  const SequenceTotals totals = account.finish(5);
  CHECK(totals.received == 5);
  CHECK(totals.lost == 0);
  CHECK(totals.gap_count == 0);
  CHECK(totals.longest_gap == 0);
  CHECK(totals.first_loss == 0);
  CHECK(totals.longest_silence == 1000);
  CHECK(totals.came_back);
}

TEST_CASE("lost frames: count, gaps, first and last loss") {
  SequenceAccount account(0);
  arrive(account, {0, 1, 4, 5, 9});
  const SequenceTotals totals = account.finish(10);
  CHECK(totals.received == 5);
  CHECK(totals.lost == 5);
  CHECK(totals.gap_count == 2);
  CHECK(totals.longest_gap == 4000);
  CHECK(totals.total_gap == 3000 + 4000);
  CHECK(totals.first_loss == 2000);
  CHECK(totals.last_loss == 10000);
  CHECK(totals.came_back);
  const auto gaps = account.gaps(10);
  REQUIRE(gaps.size() == 2);
  CHECK(gaps[0].lost == 2);
  CHECK(gaps[0].before == 2000);
  CHECK(gaps[0].after == 5000);
}

TEST_CASE("lost before the first arrival: the gap begins with the counting") {
  SequenceAccount account(500);
  account.arrived(3, 9500);
  const SequenceTotals totals = account.finish(4);
  CHECK(totals.lost == 3);
  CHECK(totals.longest_gap == 9000);
  CHECK(totals.first_loss == 500);
}

TEST_CASE("lost at the end: traffic never came back, and the gap has no end") {
  SequenceAccount account(0);
  arrive(account, {0, 1});
  const SequenceTotals totals = account.finish(4);
  CHECK(totals.lost == 2);
  CHECK_FALSE(totals.came_back);
  CHECK(totals.longest_gap == 0);
  CHECK(account.gaps(4).back().after == 0);
  CHECK(account.so_far().lost == 0);
}

TEST_CASE("nothing arrived at all") {
  const SequenceAccount account(0);
  const SequenceTotals totals = account.finish(100);
  CHECK(totals.received == 0);
  CHECK(totals.lost == 100);
  CHECK_FALSE(totals.came_back);
}

TEST_CASE("duplicates are counted once as received") {
  SequenceAccount account(0);
  arrive(account, {0, 1, 1, 2, 0, 2, 2});
  const SequenceTotals totals = account.finish(3);
  CHECK(totals.received == 3);
  CHECK(totals.duplicated == 4);
  CHECK(totals.reordered == 0);
  CHECK(totals.lost == 0);
}

TEST_CASE("swapped frames are reordered, not lost") {
  SequenceAccount account(0);
  arrive(account, {0, 2, 1, 3, 7, 5, 6, 4});
  const SequenceTotals totals = account.finish(8);
  CHECK(totals.received == 8);
  CHECK(totals.reordered == 4);
  CHECK(totals.lost == 0);
  CHECK(totals.gap_count == 0);
  CHECK(account.glance().lost == 0);
}

TEST_CASE("a hole that is filled in part is still a gap of the rest") {
  SequenceAccount account(0);
  arrive(account, {0, 5, 2});
  const SequenceTotals totals = account.finish(6);
  CHECK(totals.lost == 3);
  CHECK(totals.reordered == 1);
  CHECK(totals.gap_count == 1);
  CHECK(account.glance().lost == 3);
}

TEST_CASE("what leaves the window unseen is lost, and too late when it comes") {
  SequenceAccount account(0, 64);
  account.arrived(0, 10);
  for (std::uint64_t number = 2; number < 200; ++number) {
    account.arrived(number, static_cast<MonoNs>(number * 10 + 10));
  }
  account.arrived(1, 5000);
  const SequenceTotals totals = account.finish(200);
  CHECK(totals.lost == 1);
  CHECK(totals.too_late == 1);
  CHECK(totals.received == 199);
  CHECK(totals.gap_count == 1);
  account.arrived(150, 6000);
  CHECK(account.finish(200).duplicated == 1);
}

TEST_CASE("an outage longer than the window") {
  SequenceAccount account(0, 64);
  arrive(account, {0, 1, 2, 1'000'000, 1'000'001, 999'990});
  const SequenceTotals totals = account.finish(1'000'002);
  CHECK(totals.received == 6);
  CHECK(totals.reordered == 1);
  CHECK(totals.lost == 1'000'002 - 6);
  CHECK(totals.gap_count == 1);
}

TEST_CASE("more gaps than are kept are still counted") {
  SequenceAccount account(0, 128);
  constexpr std::uint64_t pairs = 5000;
  for (std::uint64_t number = 0; number < 2 * pairs; number += 2) {
    account.arrived(number, static_cast<MonoNs>(number));
  }
  const SequenceTotals totals = account.finish(2 * pairs - 1);
  CHECK(totals.lost == pairs - 1);
  CHECK(totals.gap_count == pairs - 1);
  CHECK(account.gaps(2 * pairs - 1).size() == SequenceAccount::gaps_kept);
}

TEST_CASE("whatever happens to the frames, received and lost add up to sent") {
  std::mt19937_64 random(42);
  for (int round = 0; round < 200; ++round) {
    CAPTURE(round);
    const std::uint64_t window = 64 + random() % 200;
    const std::uint64_t sent = 1 + random() % 3000;
    std::vector<std::uint64_t> order;
    for (std::uint64_t number = 0; number < sent; ++number) {
      const auto fate = random() % 20;
      if (fate != 0) {
        order.push_back(number);
      }
      if (fate == 1) {
        order.push_back(number);
      }
    }
    for (std::size_t i = 1; i < order.size(); ++i) {
      if (random() % 10 == 0) {
        std::swap(order[i], order[random() % i]);
      }
    }
    SequenceAccount account(0, window);
    MonoNs at = 0;
    for (const std::uint64_t number : order) {
      account.arrived(number, ++at);
    }
    const SequenceTotals totals = account.finish(sent);
    CHECK(totals.received + totals.lost == sent);
    CHECK(totals.received + totals.duplicated + totals.too_late == order.size());
    std::uint64_t in_gaps = 0;
    for (const Gap& gap : account.gaps(sent)) {
      in_gaps += gap.lost;
    }
    CHECK((totals.gap_count > SequenceAccount::gaps_kept || in_gaps == totals.lost));
  }
}

TEST_CASE("the histogram's percentiles are right to 1/16") {
  Histogram histogram;
  CHECK(histogram.percentile(0.5) == 0);
  for (MonoNs time = 1; time <= 100'000; ++time) {
    histogram.add(time);
  }
  CHECK(histogram.count() == 100'000);
  CHECK(histogram.min() == 1);
  CHECK(histogram.max() == 100'000);
  CHECK(static_cast<double>(histogram.percentile(0.5)) == doctest::Approx(50'000).epsilon(0.07));
  CHECK(static_cast<double>(histogram.percentile(0.99)) == doctest::Approx(99'000).epsilon(0.07));
  CHECK(histogram.percentile(1.0) == 100'000);
  histogram.add(-5);
  CHECK(histogram.min() == 0);
}
