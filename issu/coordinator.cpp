#include "issu/coordinator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "issu/base/file.hpp"
#include "issu/debit.hpp"
#include "issu/decide.hpp"
#include "issu/guard.hpp"
#include "issu/history.hpp"
#include "issu/result_document.hpp"
#include "issu/run_clock.hpp"
#include "issu/strategy.hpp"

namespace issu {
namespace {

/// Journal, requests, what was measured and the history, generously.
constexpr std::uintmax_t room_for_records = 1 << 20;

/// What was asked for and not yet written into the journal.
std::string read_request(const SlotStore& store) {
  auto text = read_file(store.request(), 64);
  return text ? text->substr(0, text->find('\n')) : "";
}

/// Takes a pending request into the journal, where it counts from then on.
Result<void> take_request(const SlotStore& store, Journal& journal) {
  const std::string request = read_request(store);
  if (request.empty()) {
    return {};
  }
  // "accept" is taken up by the soak itself, which ends with it.
  if (request == "abort") {
    ISSU_TRY(journal.append({Event::requested, std::nullopt, request}), "noting a request");
    std::error_code error;
    std::filesystem::remove(store.request(), error);
  }
  return {};
}

Result<void> run_phase(const Strategy& strategy, Phase phase, Context& context, Journal& journal) {
  ISSU_TRY(journal.append({Event::begun, phase}), "");
  auto facts = strategy.step(phase).run(context);
  if (facts) {
    return journal.append({Event::done, phase, "", std::move(*facts)});
  }
  return journal.append({Event::failed, phase, facts.error().message()});
}

Result<void> undo_phase(const Strategy& strategy, Phase phase, Context& context, Journal& journal) {
  ISSU_TRY(journal.append({Event::undoing, phase}), "");
  auto facts = strategy.step(phase).undo(context);
  if (facts) {
    return journal.append({Event::undone, phase, "", std::move(*facts)});
  }
  return journal.append(
      {Event::failed, phase, "undoing it: " + facts.error().message(), {{"undo", true}}});
}

/// The housekeeping of every end: the epochs that were used stay used, the measurement ends, the
/// document goes into the ledger and the history, then the journal is closed.
Result<void> close_upgrade(const RouterParts& parts, Context& context, Journal& journal,
                           const Decision& decision) {
  parts.store.free_reserve();
  auto active = parts.store.active();
  if (active && *active && (*active)->epoch < context.epoch_back() &&
      decision.outcome != Outcome::refused) {
    ISSU_TRY(parts.store.set_active({(*active)->slot, context.epoch_back()}), "closing");
  }
  ISSU_TRY(context.instrument.stop(), "ending the measurement");
  auto document = build_document(parts, context, journal.records(), decision);
  debit(parts, facts_of(journal.records(), Phase::preflight), document);
  ISSU_TRY(append_history(parts.store.history(), document), "writing the history");
  std::error_code error;
  std::filesystem::remove(parts.store.request(), error);
  ISSU_TRY(journal.append({Event::closed, std::nullopt, std::string(name_of(decision.outcome))}),
           "closing the journal");
  return {};
}

}  // namespace

Result<void> open_upgrade(const SlotStore& store, UpgradeOptions options) {
  auto records = Journal::read(store.journal());
  if (!records) {
    return fail(std::move(records).error());
  }
  if (ISSU_GUARD(one_upgrade_at_a_time, is_open(*records), false)) {
    return fail("an upgrade is open (" + options_of(*records).id + ")",
                "`issu status` shows it; `issu resume` goes on with it, `issu abort` takes it back",
                ErrorKind::refused);
  }
  auto active = store.active();
  if (!active) {
    return fail(std::move(active).error());
  }
  if (!*active) {
    return fail("no image was ever brought into this router", "issu router up --image FILE",
                ErrorKind::refused);
  }
  std::error_code no_space;
  const auto space = std::filesystem::space(store.journal().parent_path(), no_space);
  if (!no_space && space.available < room_for_records) {
    return fail(fmt::format("{} has {} KiB free, the records of an upgrade need {} KiB",
                            store.journal().parent_path().string(), space.available >> 10U,
                            room_for_records >> 10U),
                "make room there", ErrorKind::refused);
  }
  options.from = (*active)->slot;
  options.epoch = (*active)->epoch;
  std::error_code error;
  std::filesystem::remove(store.request(), error);
  Result<void> opened = store.keep_reserve();
  if (opened) {
    auto facts = to_json(options);
    facts["boot"] = boot_id();
    auto journal = Journal::create(store.journal());
    opened = journal ? journal->append({Event::opened, std::nullopt, "", std::move(facts)})
                     : Result<void>(fail(std::move(journal).error()));
  }
  if (!opened) {
    store.free_reserve();
    return fail(std::move(opened).error().within("opening an upgrade").as(ErrorKind::refused));
  }
  return {};
}

Result<Outcome> run_upgrade(const RouterParts& parts, const Listener& listener) {
  auto journal = Journal::open(parts.store.journal());
  if (!journal) {
    return fail(std::move(journal).error());
  }
  journal->on_append(listener.record);
  const UpgradeOptions options = options_of(journal->records());
  auto strategy = strategy_named(options.strategy);
  if (!strategy) {
    return fail(std::move(strategy).error());
  }
  if (const Decision decision = decide(journal->records());
      decision.kind == Decision::Kind::finished && decision.outcome == Outcome::needs_operator) {
    ISSU_TRY(journal->append({Event::requested, std::nullopt, "resume"}), "going on");
    // Without it the end may have to be written another time; that is no reason not to begin.
    static_cast<void>(parts.store.keep_reserve());
  }
  Instrument instrument(parts.store.evidence(), options.id, parts.config.measure);
  Context context{parts.config, parts.rp,           parts.npu, parts.store,
                  instrument,   journal->records(), options};
  context.from = options.from;
  context.to = backends::other(options.from);
  context.epoch = options.epoch;
  context.pending_request = [&] { return read_request(parts.store); };
  context.tell = [&](const std::string& text) {
    if (listener.remark) {
      listener.remark(text);
    }
  };
  for (;;) {
    ISSU_TRY(take_request(parts.store, *journal), "reading requests");
    const Decision decision = decide(journal->records());
    switch (decision.kind) {
      case Decision::Kind::run:
        ISSU_TRY(run_phase(**strategy, decision.phase, context, *journal), "writing the journal");
        break;
      case Decision::Kind::undo:
        ISSU_TRY(undo_phase(**strategy, decision.phase, context, *journal), "writing the journal");
        break;
      case Decision::Kind::close:
        if (auto closed = close_upgrade(parts, context, *journal, decision); !closed) {
          // The router is as the outcome says; what is missing is only written down.
          return fail(std::move(closed)
                          .error()
                          .within("ending the upgrade as " + std::string(name_of(decision.outcome)))
                          .as(ErrorKind::needs_person));
        }
        break;
      case Decision::Kind::finished:
        return decision.outcome;
      case Decision::Kind::idle:
        return fail("no upgrade is open", "begin one with `issu upgrade --image FILE`",
                    ErrorKind::usage);
    }
  }
}

}  // namespace issu
