#include <fmt/format.h>

#include <filesystem>

#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"
#include "issu/cli/command.hpp"
#include "issu/config/router_config.hpp"
#include "issu/debit.hpp"
#include "issu/report/ledger/csv.hpp"
#include "issu/report/ledger/dates.hpp"
#include "issu/report/ledger/ledger.hpp"
#include "issu/report/ledger/show.hpp"

namespace issu::cli {
namespace {

struct Options : Common {
  std::string ledger;
  std::string since;
  std::string backend;
  std::string csv;
  bool file_given = false;
};

/// What `show` works on.
struct Source {
  ledger::Account account;
  ledger::Sla sla;
  ledger::View view;
};

Result<ledger::View> view_of(const Options& options) {
  ledger::View view;
  view.now = wall_now();
  view.backend = options.backend;
  if (!options.since.empty()) {
    view.since = ledger::wall_of(options.since);
    if (!view.since) {
      return fail("--since \"" + options.since + "\" is no date",
                  "write it as 2026-01-31, or as 2026-01-31T12:00:00Z (UTC)", ErrorKind::usage);
    }
  }
  return view;
}

Result<Source> source_of(const Options& options) {
  auto view = view_of(options);
  if (!view) {
    return fail(std::move(view).error());
  }
  Source source{{}, {}, std::move(*view)};
  if (options.ledger.empty() || options.file_given) {
    auto config = config::load_router(options.file);
    if (!config) {
      return fail(std::move(config).error());
    }
    source.sla = config->sla;
    source.view.title = config->router.name;
    if (options.ledger.empty()) {
      source.account = ledger::account_of(books_of(*config, SlotStore(config->router.state_dir)));
      return source;
    }
  } else {
    source.view.title = options.ledger;
  }
  auto ledger = ledger::Ledger::open_to_read(options.ledger);
  auto entries = ledger ? ledger->entries(options.file_given ? source.view.title : "")
                        : Result<std::vector<ledger::Entry>>(fail(std::move(ledger).error()));
  if (!entries) {
    return fail(std::move(entries).error());
  }
  source.account.entries = std::move(*entries);
  return source;
}

int show(const Options& options) {
  auto source = source_of(options);
  if (!source) {
    return say_error(source.error(), options.json);
  }
  if (const auto& trouble = source->account.trouble; trouble) {
    fmt::print(stderr, "issu: {}\n", trouble->message());
    if (!source->account.whole) {
      return say_error(*trouble, options.json);
    }
    fmt::print(stderr, "issu: the figures are those of the history\n");
  }
  if (!options.csv.empty()) {
    const std::string text = ledger::to_csv(ledger::in_view(source->account.entries, source->view));
    if (options.csv == "-") {
      fmt::print("{}", text);
      return 0;
    }
    if (auto written = write_file_atomic(std::filesystem::absolute(options.csv), text, 0644);
        !written) {
      return say_error(written.error(), options.json);
    }
    if (!options.json) {
      return 0;
    }
  }
  const auto summary =
      ledger::summary_of(source->account.entries, source->sla, std::move(source->view));
  fmt::print("{}",
             options.json ? ledger::to_json(summary).dump(2) + "\n" : ledger::to_text(summary));
  return 0;
}

}  // namespace

void add_sla_command(CLI::App& app, Exit& exit) {
  CLI::App* command = app.add_subcommand("sla", "What upgrades cost, and what is left of a budget");
  command->require_subcommand(1);
  auto options = std::make_shared<Options>();
  CLI::App* shown =
      command->add_subcommand("show", "Budgets, spent and left; percentiles and trend");
  CLI::Option* file =
      shown->add_option("-f,--file", options->file, "The router's description (router.toml)")
          ->capture_default_str();
  shown->add_flag("--json", options->json, "Answer in JSON on standard output");
  shown->add_option("--ledger", options->ledger,
                    "This ledger in place of the router's own, as `issu drill run --ledger` writes "
                    "one; with -f only that router's entries, and its budgets");
  shown->add_option("--since", options->since,
                    "Figures from this day on (2026-01-31); budgets know no such bound");
  shown->add_option("--backend", options->backend, "Only this backend: lxc, vm, card");
  shown->add_option("--csv", options->csv, "Write the entries to this file (- for stdout)");
  add_example(*shown, "issu sla show -f router.toml --since 2026-01-01 --backend lxc");
  shown->callback([options, file, &exit] {
    options->file_given = file->count() > 0;
    exit.code = show(*options);
  });
}

}  // namespace issu::cli
