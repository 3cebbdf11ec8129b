// How a writer becomes the one: the lock, the epoch, and the tables as they were found.

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "state-sync/tables/writer_state.hpp"

namespace issu::tables {
namespace {

/// Whether the lock was had; waits until the deadline.
bool lock_file(int fd, Deadline deadline) {
  const auto locked = [fd] { return ::flock(fd, LOCK_EX | LOCK_NB) == 0; };
  return locked() || wait_until(locked, deadline);
}

}  // namespace

Writer::State::State(const Segment& segment, const WriterOptions& chosen)
    : view(segment.view()),
      header(segment.header()),
      options(chosen),
      routes(view.routes, view.capacities.routes),
      groups4(0, view.capacities.tbl8_groups, header.high_water[0]),
      nodes6(0, view.capacities.nodes6, header.high_water[1]),
      fast24(view, options.now),
      trie4(view.tbl24, view.tbl8, view.capacities.tbl8_groups, groups4, &fast24),
      trie6(view.root6, view.nodes6, view.capacities.nodes6, nodes6),
      nexthops(view),
      neighbours(view) {}

Result<Writer> Writer::open(const Segment& segment, const WriterOptions& options) {
  const std::string context = "becoming the writer of " + segment.lock_path().string();
  Fd lock(::open(segment.lock_path().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) {
    return fail_errno(context);
  }
  npu_header& header = segment.header();
  const bool take_over = options.take_over.count() > 0;
  std::uint64_t epoch = 0;
  if (take_over) {
    // First the fence: from here on the other one is refused, whenever it lets go.
    epoch = __atomic_add_fetch(&header.writer_epoch, 1, __ATOMIC_SEQ_CST);
  }
  if (!lock_file(lock.get(), Deadline::in(options.take_over))) {
    const std::string pid = std::to_string(peek(header.writer_pid));
    return pass(take_over
                    ? Error("the writer before, process " + pid + ", did not let go in time",
                            "it is fenced; end it and try again", ErrorKind::timeout)
                    : Error("there is a writer already: process " + pid, {}, ErrorKind::refused),
                context);
  }
  if (!take_over) {
    epoch = __atomic_add_fetch(&header.writer_epoch, 1, __ATOMIC_SEQ_CST);
  } else if (peek(header.writer_epoch) != epoch) {
    return pass(Error("fenced: a later writer was faster", {}, ErrorKind::refused), context);
  }
  auto state = std::make_unique<State>(segment, options);
  state->lock = std::move(lock);
  state->epoch = epoch;
  publish(header.writer_pid, static_cast<std::uint64_t>(::getpid()));
  state->adopt();
  return Writer(std::move(state));
}

Result<void> Writer::State::check() {
  if (lock && peek(header.writer_epoch) == epoch) {
    return {};
  }
  const bool fenced = peek(header.writer_epoch) != epoch;
  lock.reset();
  return fail(fenced ? "fenced: a later writer has taken the tables over"
                     : "this writer has let go of the tables",
              {}, ErrorKind::refused);
}

void Writer::State::adopt() {
  const MonoNs now = options.now();
  report.dropped =
      routes.mend([&](const npu_route& slot) { return nexthops.plausible(peek(slot.nexthop)); });
  std::vector<std::uint32_t> references(view.capacities.nexthops);
  for (const npu_route& slot : routes.slots()) {
    if (RouteStore::used(slot)) {
      ++references[slot.nexthop];
    }
  }
  nexthops.adopt(std::move(references), now);

  fast24.adopt();
  report.repaired = trie4.repair(routes, 4, now) + trie6.repair(routes, 6, now);
  NextHopId defaults[2] = {0, 0};
  std::vector<npu_route*> homeless;
  for (npu_route& slot : routes.slots()) {
    if (!RouteStore::used(slot)) {
      continue;
    }
    const Prefix prefix = RouteStore::prefix_of(slot);
    if (prefix.length == 0) {
      defaults[prefix.family == 6] = slot.nexthop;
    } else if (trie(prefix).room_for(prefix, now)) {
      report.repaired += trie(prefix).set(prefix, slot.nexthop, now);
    } else {
      homeless.push_back(&slot);
    }
  }
  for (std::size_t i = 0; i < 2; ++i) {
    if (peek(header.default_id[i]) != defaults[i]) {
      publish(header.default_id[i], defaults[i]);
      ++report.repaired;
    }
  }
  // Taking one out moves others, so they are looked for by their prefix.
  std::vector<Prefix> prefixes;
  for (const npu_route* slot : homeless) {
    prefixes.push_back(RouteStore::prefix_of(*slot));
  }
  for (const Prefix& prefix : prefixes) {
    npu_route* const slot = routes.find(prefix);
    nexthops.drop(slot->nexthop, now);
    routes.erase(slot);
    ++report.dropped;
  }

  report.repaired += fast24.repair();

  if (header.generation == 0 || header.hold_generation > header.generation ||
      header.fresh_generation > header.generation) {
    header.generation = header.hold_generation = header.fresh_generation = 1;
    put(header.holding, 0U);
  }
  for (npu_route& slot : routes.slots()) {
    if (!RouteStore::used(slot)) {
      continue;
    }
    if (is_daemon(slot)) {
      ++daemons(slot.family);
    }
    if (held(slot)) {
      ++held_now;
      refreshed += confirmed(slot) ? 1 : 0;
    }
  }
  if (report.dropped > 0) {
    put(header.incomplete, 1U);
  }
  report.routes = routes.size();
}

}  // namespace issu::tables
