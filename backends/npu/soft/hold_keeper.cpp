#include "backends/npu/soft/hold_keeper.hpp"

#include <algorithm>

#include "issu/base/file.hpp"

namespace issu::backends::soft {
namespace {

using state_sync::FibEvent;
using state_sync::FibState;
using state_sync::Prefix;
using state_sync::Route;

constexpr std::size_t sample_size = 5;
constexpr std::size_t batch_size = 128;
constexpr std::size_t all = static_cast<std::size_t>(-1);

}  // namespace

Result<std::unique_ptr<HoldKeeper>> HoldKeeper::open(tables::Writer& tables,
                                                     state_sync::FibSocket kernel,
                                                     std::filesystem::path epoch_file,
                                                     bool inherited) {
  auto before = state_sync::load_fib_state(epoch_file);
  if (!before) {
    return fail(std::move(before).error());
  }
  std::unique_ptr<HoldKeeper> keeper(
      new HoldKeeper(tables, std::move(kernel), std::move(epoch_file)));
  keeper->epoch_ = before->epoch;
  keeper->holding_ = before->holding;
  keeper->watching_ = before->holding;
  keeper->complete_ = inherited || !before->holding;
  keeper->swept_ = inherited && before->holding;
  keeper->held_at_ = mono_now();
  keeper->last_ = std::move(*before);
  // The file is there from the beginning: what an upgrade leaves behind is what it found.
  if (!std::filesystem::exists(keeper->epoch_file_)) {
    ISSU_TRY(write_file_atomic(keeper->epoch_file_, to_json(keeper->last_)), "keeping the epoch");
  }
  return keeper;
}

Result<void> HoldKeeper::admit(std::uint64_t epoch, const std::string& verb) const {
  const std::string who = verb + " of epoch " + std::to_string(epoch) + " refused: ";
  if (epoch != epoch_) {
    return fail(who + "the current epoch is " + std::to_string(epoch_),
                "another one has taken the tables over; look at `issu status`", ErrorKind::refused);
  }
  if (!holding_) {
    return fail(who + "it was released", "hold a new epoch first", ErrorKind::refused);
  }
  return {};
}

Result<void> HoldKeeper::admit_ports(std::uint64_t epoch) const {
  if (epoch < epoch_) {
    return fail("ports of epoch " + std::to_string(epoch) + " refused: the current epoch is " +
                    std::to_string(epoch_),
                "another one has taken the tables over; look at `issu status`", ErrorKind::refused);
  }
  return {};
}

Result<void> HoldKeeper::hold(std::uint64_t epoch) {
  if (!watching_) {
    return fail("nobody watches the NPU's tables", "`watch` them first");
  }
  if (epoch == 0) {
    return fail("epoch 0 can't be held", "epochs begin with 1", ErrorKind::refused);
  }
  if (epoch <= epoch_) {
    return admit(epoch, "hold");
  }
  FibState begun;
  begun.epoch = epoch;
  begun.holding = true;
  ISSU_TRY(write_file_atomic(epoch_file_, to_json(begun)), "keeping the epoch");
  ISSU_TRY(tables_.hold(epoch), "holding the routes");
  ISSU_TRY(tables_.set_dark(true), "speaking for the route processor");
  epoch_ = epoch;
  holding_ = true;
  swept_ = false;
  complete_ = true;
  held_at_ = mono_now();
  return {};
}

Result<void> HoldKeeper::keep(std::uint64_t epoch) {
  ISSU_TRY(admit(epoch, "keep"), "");
  return tables_.keep(epoch);
}

Result<void> HoldKeeper::refresh(std::uint64_t epoch, const std::vector<Prefix>& routes) {
  ISSU_TRY(admit(epoch, "refresh"), "");
  return tables_.refresh(epoch, routes);
}

FibState HoldKeeper::state() const {
  if (!holding_) {
    return last_;
  }
  const tables::HoldState now = tables_.hold_state();
  FibState state;
  state.epoch = epoch_;
  state.holding = true;
  state.complete = complete_ && now.complete;
  state.counts.held = now.held;
  state.counts.refreshed = now.refreshed;
  state.counts.stale = now.stale;
  state.counts.added = now.added;
  state.counts.deleted = now.deleted;
  state.counts.swept = now.swept;
  state.quiet_s = to_s(mono_now() - std::max<MonoNs>(now.changed_at, held_at_));
  state.stale_sample = now.stale == 0 ? std::vector<Prefix>() : tables_.stale_sample(sample_size);
  return state;
}

Result<void> HoldKeeper::sweep_kernel(std::vector<Prefix> swept) {
  if (swept.empty()) {
    return {};
  }
  std::sort(swept.begin(), swept.end());
  std::vector<Route> found;
  for (const std::uint8_t family : {std::uint8_t{4}, std::uint8_t{6}}) {
    auto dumped = kernel_.dump(
        family,
        [&](const FibEvent& event) {
          if (state_sync::is_daemon_protocol(event.route.protocol) &&
              std::binary_search(swept.begin(), swept.end(), event.route.prefix)) {
            found.push_back(event.route);
          }
        },
        [] {});
    if (!dumped) {
      return fail(std::move(dumped).error());
    }
  }
  for (std::size_t at = 0; at < found.size(); at += batch_size) {
    const auto part = std::span(found).subspan(at, std::min(batch_size, found.size() - at));
    if (auto removed = kernel_.remove(part); !removed) {
      return fail(std::move(removed).error());
    }
  }
  return {};
}

Result<FibState> HoldKeeper::sweep(std::uint64_t epoch) {
  if (auto admitted = admit(epoch, "sweep"); !admitted) {
    return fail(std::move(admitted).error());
  }
  if (!state().complete) {
    return fail("sweep of epoch " + std::to_string(epoch) +
                    " refused: what the daemons said since it began was not all heard, so a stale "
                    "mark is no evidence",
                "hold a new epoch and let the new side send its routes again", ErrorKind::refused);
  }
  std::vector<Prefix> swept = tables_.stale_sample(all);
  if (auto done = tables_.sweep(epoch); !done) {
    return pass(std::move(done).error(), "sweeping");
  }
  ISSU_TRY(sweep_kernel(std::move(swept)), "sweeping the route processor's kernel");
  ISSU_TRY(tables_.set_dark(false), "the route processor speaks again");
  swept_ = true;
  return state();
}

Result<FibState> HoldKeeper::release() {
  if (holding_) {
    FibState last = state();
    last.holding = false;
    ISSU_TRY(write_file_atomic(epoch_file_, to_json(last)), "keeping the last state");
    if (auto released = tables_.release_hold(); !released) {
      return fail(std::move(released).error());
    }
    ISSU_TRY(tables_.set_dark(false), "the route processor speaks again");
    last_ = std::move(last);
    holding_ = false;
  }
  watching_ = false;
  return last_;
}

}  // namespace issu::backends::soft
