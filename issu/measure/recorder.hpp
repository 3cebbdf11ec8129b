#pragma once

#include <filesystem>
#include <vector>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"
#include "issu/measure/measurement.hpp"
#include "issu/measure/peer_watch.hpp"

namespace issu::measure {

/// The file that keeps room on the disk for the result of a measurement while it runs.
inline constexpr const char* room_file = "result.room";

/// Writes the files of a measurement into its folder, all with mode 0600. A disk that gets full
/// does not end what counts: room for the result and for some minutes of the timeline is taken at
/// the beginning, live.json is then written where it stands, and a timeline without more room has
/// a gap.
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
  Result<void> live_in_place(std::string text);

  std::filesystem::path folder_;
  Fd timeline_;
  bool torn_ = false;  ///< the last line of the timeline may have no end
};

}  // namespace issu::measure
