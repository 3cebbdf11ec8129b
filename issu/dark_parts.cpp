#include "issu/dark_parts.hpp"

#include <algorithm>

#include "issu/base/json.hpp"
#include "issu/context.hpp"

namespace issu {
namespace {

/// A time that a journal has; 0 where it has none. None is before the machine's start.
MonoNs time_of(const nlohmann::json& facts, const char* key) {
  return std::max(value_of(facts, key, MonoNs{0}), MonoNs{0});
}

}  // namespace

std::optional<report::Frozen> frozen(const Records& records) {
  const auto freeze = facts_of(records, Phase::freeze);
  const auto switchover = facts_of(records, Phase::switchover);
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
  const auto from = time_of(freeze, "dark_from");
  const auto saved = time_of(freeze, "saved");
  const auto restoring = time_of(switchover, "from");
  const auto until = time_of(switchover, "dark_until");
  if (from == 0 || !(from <= saved && saved <= restoring && restoring <= until)) {
    return frozen;  // a step was repeated after a crash: its times are of another life
  }
  frozen.ms = to_ms(until - from);
  const auto part = [](const nlohmann::json& facts, const char* key) {
    return value_of(facts, key, 0.0);
  };
  frozen.parts = {
      {"sessions held back, conditioned", part(freeze, "condition_ms")},
      {"freeze", part(freeze, "freeze_ms")},
      {"dump", part(freeze, "dump_ms")},
      {"journal", 0},
      {"restore", part(switchover, "restore_ms")},
      {"conditioned again, sessions let through", part(switchover, "condition_ms")},
  };
  double named = 0;
  for (const auto& each : frozen.parts) {
    named += each.ms;
  }
  frozen.parts[3].ms = std::max(0.0, *frozen.ms - named);
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
