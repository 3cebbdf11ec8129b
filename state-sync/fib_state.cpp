#include "state-sync/fib_state.hpp"

#include <nlohmann/json.hpp>

#include "issu/base/file.hpp"

namespace issu::state_sync {
namespace {

using nlohmann::json;

json document_of(const FibState& state) {
  json sample = json::array();
  for (const Prefix& prefix : state.stale_sample) {
    sample.push_back(prefix.text());
  }
  const StaleCounts& counts = state.counts;
  return {{"epoch", state.epoch},     {"holding", state.holding},      {"complete", state.complete},
          {"held", counts.held},      {"refreshed", counts.refreshed}, {"stale", counts.stale},
          {"added", counts.added},    {"deleted", counts.deleted},     {"swept", counts.swept},
          {"quiet_s", state.quiet_s}, {"stale_sample", sample}};
}

/// May throw nlohmann's exceptions; the callers catch them.
FibState state_of(const json& document) {
  FibState state;
  state.epoch = document.at("epoch").get<std::uint64_t>();
  state.holding = document.at("holding").get<bool>();
  state.complete = document.at("complete").get<bool>();
  state.counts.held = document.at("held").get<std::uint64_t>();
  state.counts.refreshed = document.at("refreshed").get<std::uint64_t>();
  state.counts.stale = document.at("stale").get<std::uint64_t>();
  state.counts.added = document.at("added").get<std::uint64_t>();
  state.counts.deleted = document.at("deleted").get<std::uint64_t>();
  state.counts.swept = document.at("swept").get<std::uint64_t>();
  state.quiet_s = document.at("quiet_s").get<double>();
  for (const auto& text : document.at("stale_sample")) {
    if (auto prefix = Prefix::parse(text.get<std::string>())) {
      state.stale_sample.push_back(*prefix);
    }
  }
  return state;
}

}  // namespace

std::string to_json(const FibState& state) {
  return document_of(state).dump();
}

Result<FibState> fib_state_from_json(const std::string& text) {
  try {
    return state_of(json::parse(text));
  } catch (const json::exception& error) {
    return fail(std::string("the state of the route tracker can't be read: ") + error.what());
  }
}

Result<FibState> load_fib_state(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    return FibState{};
  }
  auto text = read_file(file, 1U << 20U);
  if (!text) {
    return fail(std::move(text).error());
  }
  auto state = fib_state_from_json(*text);
  if (!state) {
    return pass(std::move(state).error(), "reading " + file.string());
  }
  state->complete = state->complete && !state->holding;
  return state;
}

Result<FibState> close_fib_state(const std::filesystem::path& file) {
  auto state = load_fib_state(file);
  if (state && state->holding) {
    state->holding = false;
    ISSU_TRY(write_file_atomic(file, to_json(*state)), "closing the epoch");
  }
  return state;
}

std::string answer_line(const Result<FibState>& result) {
  if (result) {
    return json{{"state", document_of(*result)}}.dump() + "\n";
  }
  std::string what = result.error().what();
  for (const std::string& context : result.error().contexts()) {
    what = context + ": " + what;
  }
  return json{{"error", what},
              {"hint", result.error().hint()},
              {"kind", static_cast<int>(result.error().kind())}}
             .dump(-1, ' ', false, json::error_handler_t::replace) +
         "\n";
}

Result<FibState> read_answer(const std::string& line) {
  try {
    const json answer = json::parse(line);
    if (answer.contains("state")) {
      return state_of(answer.at("state"));
    }
    const int kind = answer.at("kind").get<int>();
    return fail(
        answer.at("error").get<std::string>(), answer.at("hint").get<std::string>(),
        kind == static_cast<int>(ErrorKind::refused) ? ErrorKind::refused : ErrorKind::failed);
  } catch (const json::exception& error) {
    return fail(std::string("the route tracker's answer can't be read: ") + error.what());
  }
}

}  // namespace issu::state_sync
