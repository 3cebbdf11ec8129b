#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "issu/cli/command.hpp"
#include "issu/cli/follow.hpp"
#include "issu/cli/parts.hpp"
#include "issu/debit.hpp"
#include "issu/decide.hpp"
#include "issu/image/bundle.hpp"
#include "issu/report/ledger/balance.hpp"
#include "issu/report/sla_text.hpp"
#include "issu/strategy.hpp"

namespace issu::cli {
namespace {

struct Options : Common {
  std::string image;
  std::string strategy;
  std::string way_back;
  double soak_s = -1;
  bool auto_accept = false;
  bool over_budget = false;
  bool allow_below_minimum = false;
  bool plan = false;
  bool foreground = false;
  ReportFiles files;
};

UpgradeOptions upgrade_options(const Router& router, const Options& options) {
  UpgradeOptions result;
  result.id = new_upgrade_id();
  result.image = std::filesystem::absolute(options.image);
  result.strategy = options.strategy;
  result.way_back = options.way_back.empty() ? router.config.way_back : options.way_back;
  result.soak_s = options.soak_s < 0 ? router.config.timers.soak_s : options.soak_s;
  result.auto_accept = options.auto_accept;
  result.over_budget = options.over_budget;
  result.allow_below_minimum = options.allow_below_minimum;
  return result;
}

/// What it is predicted to cost, and what is left to be spent.
void show_forecast(const Router& router, const nlohmann::json& facts) {
  const auto account = ledger::look_at(books_of(router.config, router.store));
  fmt::print("\n{}",
             report::sla_text({{"forecast", nlohmann::ordered_json(facts["forecast"])},
                               {"budgets", ledger::to_json(ledger::balance(
                                               account.entries, router.config.sla, wall_now()))}}));
  if (facts.contains("over_budget")) {
    fmt::print("  by --over-budget: {}\n", facts["over_budget"].get<std::string>());
  }
  if (facts.contains("below_minimum")) {
    fmt::print("  by --allow-below-minimum: {}\n", facts["below_minimum"].get<std::string>());
  }
}

/// Says what would happen. Preflight is run, which touches nothing.
int show_plan(const Router& router, const Options& options, const Strategy& strategy) {
  auto active = router.store.active();
  if (!active) {
    return say_error(active.error(), options.json);
  }
  const ActiveSlot from = active->value_or(ActiveSlot{});
  const Records none;
  UpgradeOptions wanted = upgrade_options(router, options);
  Instrument instrument(router.store.evidence(), wanted.id, router.config.measure);
  Context context{router.config,
                  *router.rp,
                  *router.npu,
                  router.store,
                  instrument,
                  none,
                  wanted,
                  from.slot,
                  backends::other(from.slot),
                  from.epoch,
                  [] { return std::string(); },
                  [](const std::string&) {}};
  auto facts = strategy.step(Phase::preflight).run(context);
  if (options.json) {
    nlohmann::ordered_json json{{"strategy", strategy.name},
                                {"from_slot", backends::name_of(context.from)},
                                {"to_slot", backends::name_of(context.to)},
                                {"refused", !facts},
                                {"phases", nlohmann::ordered_json::array()}};
    for (const PhaseRow& row : phase_table) {
      json["phases"].push_back({{"name", row.name},
                                {"does", strategy.does(row.phase)},
                                {"undoes", strategy.undoes(row.phase)},
                                {"dark", row.dark},
                                {"reversible", row.reversible}});
    }
    if (facts) {
      json["facts"] = *facts;
    }
    fmt::print("{}\n", json.dump(2));
  } else {
    fmt::print(
        "{} by strategy {} ({}), from slot {} to slot {}, soak {} s, {}:\n\n", options.image,
        strategy.name, strategy.what, backends::name_of(context.from),
        backends::name_of(context.to), wanted.soak_s,
        wanted.auto_accept ? "accepted by health and budgets" : "to be accepted by a person");
    for (const PhaseRow& row : phase_table) {
      fmt::print("  {:<12}{} {}\n  {:<14} back: {}\n", row.name, row.dark ? "*" : " ",
                 strategy.does(row.phase), "", strategy.undoes(row.phase));
    }
    fmt::print("\n  * the control plane is dark\n");
    if (facts) {
      show_forecast(router, *facts);
    }
  }
  if (!facts) {
    fmt::print(stderr, "it would be refused:\n");
    return say_error(facts.error(), false);
  }
  return 0;
}

int upgrade(const Router& router, Options options) {
  if (options.strategy.empty()) {
    options.strategy = router.config.backend == "vm"     ? "standby"
                       : router.config.backend == "card" ? "checkpoint"
                                                         : "restart";
  }
  auto strategy = strategy_named(options.strategy);
  if (!strategy) {
    return say_error(strategy.error(), options.json);
  }
  if (options.plan) {
    return show_plan(router, options, **strategy);
  }
  {
    auto lock = router.store.lock();
    if (!lock) {
      return say_error(lock.error(), options.json);
    }
    if (auto opened = open_upgrade(router.store, upgrade_options(router, options)); !opened) {
      return say_error(opened.error(), options.json);
    }
  }
  return run_to_end(router, {options.file, options.json, options.foreground, 0, options.files});
}

/// A kernel is kept alone; it is what ran before only over the payload that it ran over.
Result<void> can_go_back(const Router& router) {
  auto previous = image::open_bundle(router.store.previous_bundle(), router.config.keyring);
  if (!previous || previous->manifest().kind != image::Kind::kernel) {
    return {};  // whatever is wrong with it is the upgrade's to tell
  }
  auto active = router.store.active();
  auto image = active && *active ? router.store.image((*active)->slot)
                                 : Result<std::optional<SlotImage>>(std::optional<SlotImage>());
  if (!image || !*image || (*image)->sha256 == (*image)->before_sha256) {
    return {};
  }
  return fail("what ran before is two images, a disk and the kernel " +
                  previous->manifest().version + "; only the kernel was kept",
              "issu upgrade to the disk's image, then to that of the kernel", ErrorKind::refused);
}

void add_run_options(CLI::App& command, Options& options) {
  command.add_option("--strategy", options.strategy,
                     "How: restart (containers, without this option), checkpoint or standby "
                     "(virtual machines, without this option)");
  command
      .add_option("--way-back", options.way_back,
                  "Of the strategy restart: saved (the old side goes on where it was) or cold (it "
                  "starts anew)")
      ->check(CLI::IsMember({"saved", "cold"}));
  command.add_option("--soak", options.soak_s, "How long to watch before it is accepted (10s, 2m)")
      ->transform(CLI::AsNumberWithUnit(
          std::map<std::string, double>{{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}},
          CLI::AsNumberWithUnit::CASE_SENSITIVE))
      ->check(CLI::Range(0.0, 7 * 86400.0));
  command.add_flag("--auto-accept", options.auto_accept,
                   "Health and budgets accept it at the end of the soak");
  command.add_flag("--over-budget", options.over_budget,
                   "Run it even where it is predicted to cost more than the SLA budget has left");
  command.add_flag("--allow-below-minimum", options.allow_below_minimum,
                   "Run it even where the image is older than the minimum of router.toml");
  command.add_flag(
      "--foreground", options.foreground,
      "Run the coordinator in this process: it ends with it, and `issu resume` goes on");
  add_report_files(command, options.files);
}

}  // namespace

void add_upgrade_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("upgrade", "Replace the routing software by an image's");
  add_common(*command, *options);
  command->add_option("--image", options->image, "The new image, a signed bundle")->required();
  add_run_options(*command, *options);
  command->add_flag("--plan", options->plan, "Say what would happen, touch nothing");
  add_example(*command, "issu upgrade -f router.toml --image new.img --soak 60s");
  command->callback([options, &exit] {
    auto router = open_router(options->file);
    exit.code = router ? upgrade(*router, *options) : say_error(router.error(), options->json);
  });
}

void add_rollback_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "rollback", "Take an open upgrade back, or upgrade to the image that ran before");
  add_common(*command, *options);
  add_run_options(*command, *options);
  add_example(*command, "issu rollback -f router.toml --auto-accept");
  command->callback([options, &exit] {
    auto router = open_router(options->file);
    if (!router) {
      exit.code = say_error(router.error(), options->json);
      return;
    }
    auto records = Journal::read(router->store.journal());
    if (records && is_open(*records)) {
      if (auto asked = router->store.ask("abort"); !asked) {
        exit.code = say_error(asked.error(), options->json);
        return;
      }
      const int code = run_to_end(*router, {options->file, options->json, options->foreground,
                                            records->size(), options->files});
      exit.code = code == exit_code_of(Outcome::rolled_back) ? 0 : code;
      return;
    }
    if (!std::filesystem::exists(router->store.previous_bundle())) {
      exit.code = say_error(Error("no image ran before the present one",
                                  "issu upgrade --image FILE", ErrorKind::refused),
                            options->json);
      return;
    }
    if (auto possible = can_go_back(*router); !possible) {
      exit.code = say_error(possible.error(), options->json);
      return;
    }
    options->image = router->store.previous_bundle().string();
    exit.code = upgrade(*router, *options);
  });
}

}  // namespace issu::cli
