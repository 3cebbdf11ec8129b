#include "state-sync/fib_tracker.hpp"

#include <algorithm>

#include "issu/base/file.hpp"

namespace issu::state_sync {
namespace {

constexpr int scan_attempts = 5;
constexpr std::size_t batch_size = 128;
constexpr std::size_t sample_size = 5;

}  // namespace

Result<std::unique_ptr<FibTracker>> FibTracker::open(Options options) {
  auto before = load_fib_state(options.epoch_file);
  if (!before) {
    return fail(std::move(before).error());
  }
  auto monitor = FibMonitor::open(options.buffer_bytes);
  if (!monitor) {
    return fail(std::move(monitor).error());
  }
  auto socket = FibSocket::open();
  if (!socket) {
    return fail(std::move(socket).error());
  }
  std::unique_ptr<FibTracker> tracker(
      new FibTracker(std::move(options), std::move(*monitor), std::move(*socket)));
  tracker->epoch_ = before->epoch;
  tracker->holding_ = before->holding;
  tracker->complete_ = !before->holding;
  tracker->last_ = std::move(*before);
  ISSU_TRY(tracker->scan(), "reading the routes for the first time");
  return tracker;
}

void FibTracker::take(const FibEvent& event) {
  const MonoNs at = mono_now();
  switch (event.kind) {
    case FibEvent::Kind::route_present:
      // Who changed a nexthop object has confirmed none of the routes that use it.
      if (event.sender == 0 || event.sender != nexthop_sender_ ||
          event.sequence != nexthop_sequence_) {
        table_.present(event.route, at);
      }
      break;
    case FibEvent::Kind::route_removed:
      if (event.sender != socket_.port()) {
        table_.removed(event.route, at);
      }
      break;
    case FibEvent::Kind::nexthop_changed:
      nexthop_sender_ = event.sender;
      nexthop_sequence_ = event.sequence;
      break;
    case FibEvent::Kind::nexthop_removed:
      table_.nexthop_removed(event.nexthop, at);
      break;
    case FibEvent::Kind::shaken:
      unsettled_ = true;
      break;
    case FibEvent::Kind::answer:
    case FibEvent::Kind::dump_end:
      break;
  }
}

Result<void> FibTracker::pump() {
  auto drained = monitor_.drain([this](const FibEvent& event) { take(event); });
  if (!drained) {
    return fail(std::move(drained).error());
  }
  if (drained->overrun || drained->malformed) {
    complete_ = false;
    unsettled_ = true;
  }
  return {};
}

Result<void> FibTracker::scan() {
  ISSU_TRY(pump(), "before reading the routes");
  unsettled_ = false;
  table_.begin_scan();
  Result<void> pumped;
  // Passes add up: a route that was there throughout is in one of them.
  for (int attempt = 1; attempt <= scan_attempts; ++attempt) {
    bool whole = true;
    for (const std::uint8_t family : {std::uint8_t{4}, std::uint8_t{6}}) {
      auto clean = socket_.dump(
          family, [this](const FibEvent& event) { table_.scanned(event.route, mono_now()); },
          [&] { pumped = pumped ? pump() : pumped; });
      if (!clean) {
        unsettled_ = true;
        return fail(std::move(clean).error());
      }
      whole = whole && *clean;
    }
    if (whole) {
      break;
    }
  }
  ISSU_TRY(pumped, "while reading the routes");
  ISSU_TRY(pump(), "after reading the routes");
  table_.end_scan(mono_now());
  return {};
}

Result<void> FibTracker::settle() {
  ISSU_TRY(pump(), "taking in the changes of the routes");
  return unsettled() ? scan() : Result<void>{};
}

Result<void> FibTracker::admit(std::uint64_t epoch, const std::string& verb) const {
  if (epoch != epoch_) {
    return fail(verb + " of epoch " + std::to_string(epoch) + " refused: the current epoch is " +
                    std::to_string(epoch_),
                "another one has taken the tables over; look at `issu status`", ErrorKind::refused);
  }
  if (!holding_) {
    return fail(verb + " of epoch " + std::to_string(epoch) + " refused: it was released",
                "hold a new epoch first", ErrorKind::refused);
  }
  return {};
}

Result<void> FibTracker::hold(std::uint64_t epoch) {
  if (epoch == 0) {
    return fail("epoch 0 can't be held", "epochs begin with 1", ErrorKind::refused);
  }
  if (epoch <= epoch_) {
    return admit(epoch, "hold");
  }
  ISSU_TRY(settle(), "before holding the routes");
  FibState begun;
  begun.epoch = epoch;
  begun.holding = true;
  ISSU_TRY(write_file_atomic(options_.epoch_file, to_json(begun)), "keeping the epoch");
  ISSU_TRY(pump(), "before holding the routes");
  // A change that was lost before is made good by the scan that it set off.
  complete_ = !unsettled();
  epoch_ = epoch;
  holding_ = true;
  table_.hold(mono_now());
  return {};
}

Result<void> FibTracker::keep(std::uint64_t epoch) {
  ISSU_TRY(admit(epoch, "keep"), "");
  ISSU_TRY(pump(), "before keeping the routes");
  table_.keep();
  return {};
}

FibState FibTracker::now() const {
  if (!holding_) {
    return last_;
  }
  FibState state;
  state.epoch = epoch_;
  state.holding = holding_;
  state.complete = complete_;
  state.counts = table_.counts();
  state.quiet_s = to_s(mono_now() - table_.changed_at());
  const std::size_t wanted = state.counts.stale == 0 ? 0 : sample_size;
  for (const Route& route : table_.unconfirmed(wanted, false)) {
    state.stale_sample.push_back(route.prefix);
  }
  return state;
}

Result<FibState> FibTracker::state() {
  ISSU_TRY(settle(), "asking for the state of the routes");
  return now();
}

Result<void> FibTracker::nothing_missed() const {
  if (complete_) {
    return {};
  }
  return fail("sweep of epoch " + std::to_string(epoch_) +
                  " refused: changes of the routes were missed since it began, so a stale mark is "
                  "no evidence",
              "hold a new epoch and let the new side send its routes again", ErrorKind::refused);
}

Result<void> FibTracker::sweep_batch(std::vector<Route>& batch) {
  // What was confirmed since the list was made stays.
  ISSU_TRY(pump(), "before deleting routes");
  ISSU_TRY(nothing_missed(), "");
  std::erase_if(batch, [this](const Route& route) { return !table_.to_sweep(route); });
  auto deleted = socket_.remove(batch);
  if (!deleted) {
    return fail(std::move(deleted).error());
  }
  for (std::size_t index = 0; index < batch.size(); ++index) {
    if ((*deleted)[index]) {
      table_.swept(batch[index]);
    } else {
      unsettled_ = true;
    }
  }
  batch.clear();
  return {};
}

Result<FibState> FibTracker::sweep(std::uint64_t epoch) {
  if (auto admitted = admit(epoch, "sweep"); !admitted) {
    return fail(std::move(admitted).error());
  }
  // The tables themselves have the last word on what is there.
  ISSU_TRY(scan(), "before the sweep");
  if (auto whole = nothing_missed(); !whole) {
    return fail(std::move(whole).error());
  }
  std::vector<Route> batch;
  for (const Route& route : table_.unconfirmed(static_cast<std::size_t>(-1), true)) {
    batch.push_back(route);
    if (batch.size() == batch_size) {
      ISSU_TRY(sweep_batch(batch), "sweeping");
    }
  }
  ISSU_TRY(sweep_batch(batch), "sweeping");
  table_.end_keeping();
  return state();
}

Result<FibState> FibTracker::release() {
  if (holding_) {
    ISSU_TRY(scan(), "before the release");
    table_.end_keeping();
    FibState last = now();
    last.holding = false;
    ISSU_TRY(write_file_atomic(options_.epoch_file, to_json(last)), "keeping the last state");
    last_ = std::move(last);
    holding_ = false;
    table_.release();
  }
  return last_;
}

}  // namespace issu::state_sync
