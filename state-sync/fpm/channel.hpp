#pragma once

#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

#include "issu/base/clock.hpp"
#include "issu/base/fd.hpp"
#include "state-sync/fpm/feed.hpp"
#include "state-sync/fpm/frames.hpp"

namespace issu::fpm {

/// What a channel has seen.
struct ChannelCounters {
  std::uint64_t dialled = 0;   ///< times the socket was reached
  std::uint64_t accepted = 0;  ///< daemons that connected at the other end
  std::uint64_t ended = 0;
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
};

/// FPM out of a virtual machine, into a feed: a unix socket on the host (QEMU listens there) whose
/// bytes come out of a port in the guest, where `issu-init feed` takes zebra's connection. The
/// socket says nothing of the connections behind it, and lives on when QEMU is paused, so the two
/// ends tell each other with frames of their own: what comes before a `begin` is not taken in, and
/// whoever dials asks first for everything anew.
///
/// For a poll loop, as FpmServer: `fds` become readable, `serve` takes in what is there and dials
/// while nobody answers. One thread.
class FpmChannel {
 public:
  /// `feed` must outlive the channel.
  FpmChannel(std::filesystem::path socket, Feed& feed) : socket_(std::move(socket)), feed_(feed) {}

  [[nodiscard]] std::vector<int> fds() const;
  void serve();

  /// Dials another socket from here on; what the one of before still says no longer counts.
  void change(std::filesystem::path socket);
  /// What the daemon that is connected says no longer counts; it may come again.
  void begin_epoch();
  /// Whether a daemon is at the other end, as far as the channel knows.
  [[nodiscard]] bool connected() const { return begun_; }
  [[nodiscard]] const ChannelCounters& counters() const { return counters_; }
  /// Whether something could not be read since the last call: routes may have been missed.
  [[nodiscard]] bool take_lost() { return std::exchange(lost_, false); }

 private:
  void dial();
  void read_some();
  void hang_up();
  void begin();
  bool take_frames();
  void over();

  std::filesystem::path socket_;
  Feed& feed_;
  Fd connection_;
  FrameReader frames_;
  ChannelCounters counters_;
  MonoNs dialled_at_ = 0;
  bool begun_ = false;
  bool lost_ = false;
};

}  // namespace issu::fpm
