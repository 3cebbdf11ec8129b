#include "issu/dark_parts.hpp"

#include <algorithm>
#include <numeric>

#include "issu/base/json.hpp"
#include "issu/context.hpp"

namespace issu {
namespace {

/// A time that a journal has; 0 where it has none. None is before the machine's start.
MonoNs time_of(const nlohmann::json& facts, const char* key) {
  return std::max(value_of(facts, key, MonoNs{0}), MonoNs{0});
}

using Parts = std::vector<report::DarkPart>;

/// Held back, frozen, dumped.
Parts parts_of_saving(const nlohmann::json& freeze) {
  return {{"sessions held back, conditioned", value_of(freeze, "condition_ms", 0.0)},
          {"freeze", value_of(freeze, "freeze_ms", 0.0)},
          {"dump", value_of(freeze, "dump_ms", 0.0)}};
}

/// Parts that add up to the time between the two: `rest` gets what the others leave of it.
void add_rest(Parts& parts, std::size_t rest, MonoNs from, MonoNs until) {
  double left = to_ms(until - from);
  for (const auto& part : parts) {
    left -= part.ms;
  }
  parts[rest].ms = std::max(0.0, left);
}

/// From one slot to the other. None where the times are not of one life: a step was repeated after
/// a crash.
Parts parts_of_the_way(const Records& records) {
  const auto freeze = facts_of(records, Phase::freeze);
  const auto switchover = facts_of(records, Phase::switchover);
  const auto from = time_of(freeze, "dark_from");
  const auto saved = time_of(freeze, "saved");
  const auto restoring = time_of(switchover, "from");
  const auto until = time_of(switchover, "dark_until");
  if (from == 0 || !(from <= saved && saved <= restoring && restoring <= until)) {
    return {};
  }
  Parts parts = parts_of_saving(freeze);
  parts.push_back({"journal", 0});
  parts.push_back({"restore", value_of(switchover, "restore_ms", 0.0)});
  parts.push_back(
      {"conditioned again, sessions let through", value_of(switchover, "condition_ms", 0.0)});
  add_rest(parts, 3, from, until);
  return parts;
}

/// Saved, and gone on with in the old slot at `until`. None where that was not with their sessions.
Parts parts_until(const nlohmann::json& freeze, MonoNs until) {
  const auto from = time_of(freeze, "dark_from");
  if (from == 0 || until < from) {
    return {};
  }
  Parts parts = parts_of_saving(freeze);
  parts.push_back({"until they went on in the old slot", 0});
  add_rest(parts, 3, from, until);
  return parts;
}

}  // namespace

std::optional<report::Frozen> frozen(const Records& records) {
  const auto freeze = facts_of(records, Phase::freeze);
  report::Frozen frozen;
  frozen.bytes = value_of(freeze, "bytes", std::uint64_t{0});
  if (freeze.contains("way_back_ms")) {
    frozen.ms = value_of(freeze, "way_back_ms", 0.0);
    frozen.parts = {{"saved for the way back, sessions up", *frozen.ms}};
    return frozen;
  }
  if (!freeze.contains("dump_ms")) {
    return std::nullopt;
  }
  const bool came_over = !facts_of(records, Phase::switchover).empty();
  const auto back = time_of(undone_facts_of(records, Phase::freeze), "dark_until");
  frozen.parts = came_over ? parts_of_the_way(records) : parts_until(freeze, back);
  if (came_over && !undone_facts_of(records, Phase::switchover).empty() && !frozen.parts.empty()) {
    const auto again = time_of(undone_facts_of(records, Phase::switchover), "dark_from");
    if (again == 0 || back < again) {
      frozen.parts.clear();  // the old side started anew, without its sessions
    } else {
      frozen.parts.push_back({"taken back with their sessions", to_ms(back - again)});
    }
  }
  if (!frozen.parts.empty()) {
    frozen.ms = std::accumulate(frozen.parts.begin(), frozen.parts.end(), 0.0,
                                [](double sum, const auto& part) { return sum + part.ms; });
  }
  return frozen;
}

std::optional<report::Migration> migration(const Records& records) {
  const auto facts = facts_of(records, Phase::switchover);
  if (!facts.contains("ports_ms")) {
    return std::nullopt;
  }
  report::Migration migration;
  const auto take = [&](const char* key, auto& into) {
    if (facts.contains(key)) {
      into = value_of(facts, key, typename std::decay_t<decltype(into)>::value_type{});
    }
  };
  take("total_ms", migration.total_ms);
  take("downtime_ms", migration.downtime_ms);
  take("bytes", migration.bytes);
  take("iterations", migration.iterations);
  take("ports_ms", migration.ports_ms);
  return migration;
}

std::vector<report::DarkPart> dark_parts(const Records& records, MonoNs dark_from, double dark_ms) {
  const auto freeze = facts_of(records, Phase::freeze);
  const auto switchover = facts_of(records, Phase::switchover);
  if (!freeze.contains("fenced") || !switchover.contains("answering")) {
    return {};
  }
  const auto fenced = time_of(freeze, "fenced");
  const auto starting = time_of(switchover, "from");
  const auto answering = time_of(switchover, "answering");
  const MonoNs up = dark_from + static_cast<MonoNs>(dark_ms * 1e6);
  if (!(dark_from <= fenced && fenced <= starting && starting <= up && starting <= answering)) {
    return {};
  }
  const bool paused = value_of(freeze, "paused", false);
  std::vector<report::DarkPart> parts{
      {paused ? "old side paused" : "old daemons fenced", to_ms(fenced - dark_from)},
      {"journal", to_ms(starting - fenced)}};
  if (answering <= up) {
    parts.push_back({paused ? "ports moved, until the new daemons answer"
                            : "new daemons started, until they answer",
                     to_ms(answering - starting)});
    parts.push_back({"sessions, until Established at the peers", to_ms(up - answering)});
  } else {
    // The peers had their sessions before the last daemon answered a question.
    parts.push_back({paused
                         ? "ports moved, until the sessions are Established at the peers"
                         : "new daemons started, until their sessions are Established at the peers",
                     to_ms(up - starting)});
  }
  return parts;
}

}  // namespace issu
