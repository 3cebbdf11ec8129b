#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "issu/cli/command.hpp"
#include "issu/cli/follow.hpp"
#include "issu/cli/parts.hpp"
#include "issu/decide.hpp"
#include "issu/instrument.hpp"

namespace issu::cli {
namespace {

struct ControlOptions : Common {
  bool foreground = false;
};

/// The journal's records when an upgrade is open; else what is the case.
Result<Records> open_records(const Router& router) {
  auto records = Journal::read(router.store.journal());
  if (!records) {
    return fail(std::move(records).error());
  }
  const Decision decision = decide(*records);
  const bool waits_for_person =
      decision.kind == Decision::Kind::finished && decision.outcome == Outcome::needs_operator;
  if (!is_open(*records) && !waits_for_person) {
    return fail("no upgrade of " + router.config.router.name + " is open",
                "`issu history` shows the ones that ended", ErrorKind::usage);
  }
  return records;
}

int request(const ControlOptions& options, const char* what, Outcome wanted) {
  auto router = open_router(options.file);
  if (!router) {
    return say_error(router.error(), options.json);
  }
  auto records = open_records(*router);
  if (!records) {
    return say_error(records.error(), options.json);
  }
  if (std::string(what) != "resume") {
    if (auto asked = router->store.ask(what); !asked) {
      return say_error(asked.error(), options.json);
    }
  }
  // Where the coordinator was killed, this command takes its place.
  const int code =
      run_to_end(*router, {options.file, options.json, options.foreground, records->size()});
  return wanted == Outcome::rolled_back && code == exit_code_of(wanted) ? 0 : code;
}

void add_request(CLI::App& app, Exit& exit, const char* name, const char* what, Outcome wanted) {
  auto options = std::make_shared<ControlOptions>();
  CLI::App* command = app.add_subcommand(name, what);
  add_common(*command, *options);
  command->add_flag("--foreground", options->foreground,
                    "Where no coordinator runs: run it in this process");
  add_example(*command, "issu " + std::string(name) + " -f router.toml");
  command->callback(
      [options, name, wanted, &exit] { exit.code = request(*options, name, wanted); });
}

int status(const ControlOptions& options) {
  auto router = open_router(options.file);
  if (!router) {
    return say_error(router.error(), options.json);
  }
  auto records = Journal::read(router->store.journal());
  if (!records) {
    return say_error(records.error(), options.json);
  }
  const Decision decision = decide(*records);
  const bool open = is_open(*records);
  const UpgradeOptions wanted = options_of(*records);
  const bool runs = router->store.is_locked();
  std::string next = "nothing: no upgrade is open";
  if (decision.kind == Decision::Kind::run) {
    next = std::string(name_of(decision.phase));
  } else if (decision.kind == Decision::Kind::undo) {
    next = "undo of " + std::string(name_of(decision.phase));
  } else if (decision.kind == Decision::Kind::close) {
    next = "end as " + std::string(name_of(decision.outcome));
  } else if (decision.kind == Decision::Kind::finished) {
    next = "nothing: it ended " + std::string(name_of(decision.outcome));
  }
  const Instrument instrument(router->store.evidence(), wanted.id, router->config.measure);
  const LiveView live = instrument.live().value_or(LiveView{});
  if (options.json) {
    nlohmann::ordered_json json{{"router", router->config.router.name},
                                {"open", open},
                                {"coordinator_runs", open && runs},
                                {"id", wanted.id},
                                {"image", wanted.image.string()},
                                {"next", next},
                                {"records", records->size()}};
    json["measuring"] = live.running;
    json["sent"] = live.running ? nlohmann::ordered_json(live.sent) : nullptr;
    json["lost"] = live.running ? nlohmann::ordered_json(live.lost) : nullptr;
    fmt::print("{}\n", json.dump(2));
    return 0;
  }
  fmt::print("router {}\n", router->config.router.name);
  if (!records->empty()) {
    fmt::print(
        "upgrade {} to {}: {}\n", wanted.id, wanted.image.string(),
        open ? (runs ? "runs" : "stands still, no coordinator runs: `issu resume`") : "ended");
  }
  fmt::print("next: {}\n", next);
  if (live.running) {
    fmt::print("data plane so far: {} sent, {} lost, longest gap {:.1f} ms\n", live.sent, live.lost,
               live.longest_gap_ms);
  }
  return 0;
}

}  // namespace

void add_status_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<ControlOptions>();
  CLI::App* command = app.add_subcommand("status", "What the upgrade of a router does now");
  add_common(*command, *options);
  add_example(*command, "issu status -f router.toml");
  command->callback([options, &exit] { exit.code = status(*options); });
}

void add_accept_command(CLI::App& app, Exit& exit) {
  add_request(app, exit, "accept", "Accept the new side: the soak ends, commit begins",
              Outcome::committed);
}

void add_abort_command(CLI::App& app, Exit& exit) {
  add_request(app, exit, "abort", "Take an open upgrade back", Outcome::rolled_back);
}

void add_resume_command(CLI::App& app, Exit& exit) {
  add_request(app, exit, "resume", "Go on with an upgrade whose coordinator ended",
              Outcome::committed);
}

}  // namespace issu::cli
