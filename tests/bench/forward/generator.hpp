#pragma once

#include <memory>

#include "issu/base/result.hpp"
#include "tests/backends/npu/soft/engine/engine_lab.hpp"

struct bpf_object;

namespace issu::bench {

/// What came of sending for a while.
struct Run {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  double seconds = 0;  ///< that were sent for
  double late = 0;  ///< seconds after the end of the sending at which the last one came; 0: before
  [[nodiscard]] double received_per_second() const {
    return static_cast<double>(received) / (seconds + late);
  }
  [[nodiscard]] double sent_per_second() const { return static_cast<double>(sent) / seconds; }
  /// Nothing was lost, and nothing queued up on the way that only came through when no more was
  /// sent: who has room for many frames is not faster for it.
  [[nodiscard]] bool without_loss() const { return received == sent && late <= 0.01; }
};

/// Sends 64-byte frames (with their checksum; 60 without) from h1's e0 to random destinations and
/// counts those that come forwarded to h2's e0, where they end.
class Generator {
 public:
  static Result<Generator> open(const backends::soft::NetworkLab& network, std::uint32_t prefixes,
                                int cpu);
  /// For `seconds` at a rate (0: as fast as it goes), then waits for what is under way.
  Result<Run> run(double seconds, double per_second);

 private:
  struct Close {
    void operator()(bpf_object* object) const;
  };
  using Handle = std::unique_ptr<bpf_object, Close>;
  Generator(const backends::soft::NetworkLab& network, Handle object, std::uint32_t prefixes,
            int cpu)
      : network_(network), object_(std::move(object)), prefixes_(prefixes), cpu_(cpu) {}
  struct Received {
    std::uint64_t frames = 0;
    std::uint64_t last = 0;  ///< CLOCK_MONOTONIC, ns
  };
  [[nodiscard]] Received received() const;
  struct Sent {
    std::uint64_t frames = 0;
    std::uint64_t end = 0;  ///< CLOCK_MONOTONIC, ns
  };
  Result<Sent> send(double seconds, double per_second) const;

  const backends::soft::NetworkLab& network_;
  Handle object_;
  std::uint32_t prefixes_;
  int cpu_;
};

}  // namespace issu::bench
