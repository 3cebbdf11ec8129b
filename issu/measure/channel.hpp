#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"
#include "issu/measure/destinations.hpp"
#include "issu/measure/histogram.hpp"
#include "issu/measure/plan.hpp"
#include "issu/measure/sequence.hpp"

namespace issu::measure {

/// One stream at work: its two sockets, what the sender and the receiver write for others to read
/// while they run, and what only the receiver touches until it has ended.
struct Channel {
  StreamPlan plan;
  std::uint16_t index = 0;
  Fd sending;    ///< inside the namespace `from_netns`
  Fd receiving;  ///< inside `to_netns`
  std::optional<Destinations> destinations;

  // Written by the sender.
  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::uint64_t> skipped{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> tried_again{0};
  std::atomic<int> refused_errno{0};

  // Written by the receiver.
  std::atomic<std::uint64_t> warm_ups{0};
  std::atomic<std::uint64_t> received{0};
  std::atomic<std::uint64_t> passed_over{0};
  std::atomic<std::uint64_t> next{0};
  std::atomic<MonoNs> last_arrival{0};
  std::atomic<MonoNs> longest_gap{0};

  // The receiver's own until its thread was joined.
  std::optional<SequenceAccount> account;
  Histogram latency;
  std::optional<std::uint64_t> overrun;  ///< none: the kernel did not say
  std::uint64_t strangers = 0;           ///< datagrams that were no frame of this run
};

/// Opens both sockets of a stream. The receiver takes frames to any address of its namespace, on
/// a free port that the sender is then told.
Result<std::unique_ptr<Channel>> open_channel(const StreamPlan& plan, std::uint16_t index);

/// Frames that the receiving socket dropped so far because its buffer was full. No value: the
/// kernel does not say.
[[nodiscard]] std::optional<std::uint64_t> socket_drops(const Fd& socket);

}  // namespace issu::measure
