#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"
#include "state-sync/fpm/feed.hpp"

namespace issu::fpm {

struct ListenerCounters {
  std::uint64_t datagrams = 0;
  std::uint64_t resyncs = 0;   ///< dumps of the whole table
  std::uint64_t overruns = 0;  ///< the kernel dropped notifications
  std::uint64_t vanished = 0;  ///< routes that a resync did not find any more
};

/// For daemons without FPM (BIRD): follows the kernel's main table in the network namespace of the
/// thread that opened it. Begins with a dump; after an overrun, a link that went down or an address
/// that went (the kernel drops routes without a word then) it dumps again and removes what is gone.
///
/// A dump under which the tables changed removes nothing and is repeated a second later, at the
/// earliest: until then notifications alone tell what is there.
///
/// For a poll loop: `fd` becomes readable, `serve` takes in what is there; call it each second also
/// when nothing is. A dump blocks for as long as the kernel takes (about 0.5 s a million routes).
/// One thread.
class KernelListener {
 public:
  /// `feed` and `tables` must outlive it; the feed must write those tables.
  static Result<KernelListener> open(Feed& feed, tables::Writer& tables);

  [[nodiscard]] int fd() const { return notifications_.get(); }
  Result<void> serve();
  /// Whether a dump is owed: routes that the kernel has dropped may still be in the tables.
  [[nodiscard]] bool wants_resync() const { return wanted_; }
  [[nodiscard]] const ListenerCounters& counters() const { return counters_; }

 private:
  KernelListener(Feed& feed, tables::Writer& tables, Fd notifications, Fd requests)
      : feed_(feed),
        tables_(tables),
        notifications_(std::move(notifications)),
        requests_(std::move(requests)),
        buffer_(std::size_t{1} << 18U) {}
  /// Takes what waits; true: a dump is needed.
  Result<bool> drain();
  Result<void> resync();
  Result<bool> dump(std::uint16_t type, std::uint8_t family);
  void remove_vanished(std::vector<Prefix> there);

  Feed& feed_;
  tables::Writer& tables_;
  Fd notifications_;
  Fd requests_;
  std::vector<std::byte> buffer_;
  ListenerCounters counters_;
  std::uint32_t sequence_ = 0;
  MonoNs looked_at_ = 0;
  bool wanted_ = false;
};

}  // namespace issu::fpm
