#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "issu/base/result.hpp"
#include "issu/measure/clock_watch.hpp"
#include "issu/measure/echo_watch.hpp"
#include "issu/measure/peer_watch.hpp"
#include "issu/measure/plan.hpp"
#include "issu/measure/receiver.hpp"
#include "issu/measure/recorder.hpp"
#include "issu/measure/sender.hpp"

namespace issu::measure {

/// One run of the instrument: warm-up, counting, draining, result. The body of `issu-probe`.
class Instrument {
 public:
  /// Opens everything; nothing is sent. `folder` must be there.
  static Result<std::unique_ptr<Instrument>> open(const MeasurePlan& plan,
                                                  const std::filesystem::path& folder);

  /// Runs until `stopped` says true and leaves result.json. `stopped` may wait, 20 ms at most.
  Result<void> run(const std::function<bool()>& stopped);

 private:
  Instrument(Channels channels, Recorder recorder, std::uint64_t run);
  void warm_up(const std::function<bool()>& stopped);
  Result<void> count(const std::function<bool()>& stopped);
  [[nodiscard]] Live look(const char* state) const;
  Result<void> record_events();
  void look_at_clocks();
  [[nodiscard]] std::vector<StreamPlan> plans() const;
  StreamResult stream_result(Channel& channel) const;
  Measurement measure();

  Channels channels_;
  Recorder recorder_;
  std::vector<std::unique_ptr<PeerWatch>> watches_;
  std::vector<std::unique_ptr<EchoWatch>> echoes_;
  ClockWatch clocks_;
  std::vector<PeerEvent> clock_events_;
  std::vector<std::string> notes_;
  std::optional<std::uint64_t> dropped_sending_;  ///< when counting began; then in all
  Receiver receiver_;
  Sender sender_;
  std::vector<bool> flowed_;
  MonoNs begin_ = 0;
  MonoNs end_ = 0;
  std::int64_t wall_begin_ = 0;
};

}  // namespace issu::measure
