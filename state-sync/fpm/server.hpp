#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"
#include "state-sync/fpm/feed.hpp"
#include "state-sync/fpm/frames.hpp"

namespace issu::fpm {

/// Listens on 127.0.0.1 in the network namespace of the calling thread, for zebra's
/// `fpm address 127.0.0.1 port PORT` (2620 is FRR's default).
Result<Fd> listen_for_fpm(std::uint16_t port);

/// What a server has seen of its connections.
struct ServerCounters {
  std::uint64_t accepted = 0;
  std::uint64_t turned_away = 0;  ///< a second zebra beside one that speaks
  std::uint64_t ended = 0;
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
};

/// The FPM server for FRR's dplane_fpm_nl: one connection at a time, into a feed. zebra connects
/// again by itself (each 3 s) and then says everything once more; there is no mark at the end of
/// that.
///
/// For a poll loop: `fds` become readable, `serve` takes in what is there, at most a few frames'
/// worth a call, never blocks. One thread.
class FpmServer {
 public:
  /// `feed` must outlive the server. `listener`: of `listen_for_fpm`.
  FpmServer(Fd listener, Feed& feed) : listener_(std::move(listener)), feed_(feed) {}

  [[nodiscard]] std::vector<int> fds() const;
  void serve();

  /// Ends the connection that is there: what its zebra says no longer counts. It may come again,
  /// unless somebody has ended it.
  void begin_epoch();
  [[nodiscard]] bool connected() const { return connection_.get() >= 0; }
  [[nodiscard]] const ServerCounters& counters() const { return counters_; }
  /// For a successor: the descriptor stays this one's.
  [[nodiscard]] int listener() const { return listener_.get(); }
  /// Whether a frame could not be read since the last call: routes may have been missed.
  [[nodiscard]] bool take_lost() { return std::exchange(lost_, false); }

 private:
  void accept_all();
  void read_some();
  void hang_up();
  void close_connection();
  /// False: it can't be read on.
  bool take_frames();

  Fd listener_;
  Feed& feed_;
  Fd connection_;
  FrameReader frames_;
  ServerCounters counters_;
  bool lost_ = false;
};

}  // namespace issu::fpm
