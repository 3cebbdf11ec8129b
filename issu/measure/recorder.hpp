#pragma once

#include <filesystem>
#include <vector>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"
#include "issu/measure/measurement.hpp"
#include "issu/measure/peer_watch.hpp"

namespace issu::measure {

/// Writes the files of a measurement into its folder, all with mode 0600.
class Recorder {
 public:
  static Result<Recorder> open(const std::filesystem::path& folder);

  /// Replaces live.json; not synced: it is for who looks now.
  Result<void> live(const Live& live);
  /// Appends one line to timeline.jsonl with the totals so far.
  Result<void> sample(const Live& live);
  Result<void> event(const PeerEvent& event);
  /// Writes result.json as one step, synced. Its being there says that the run came to its end.
  Result<void> result(const Measurement& measurement);

 private:
  Recorder(std::filesystem::path folder, Fd timeline)
      : folder_(std::move(folder)), timeline_(std::move(timeline)) {}
  Result<void> append(const std::string& line);

  std::filesystem::path folder_;
  Fd timeline_;
};

}  // namespace issu::measure
