#include "issu/cli/follow.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <filesystem>
#include <functional>

#include "issu/base/capabilities.hpp"
#include "issu/base/child.hpp"
#include "issu/base/json.hpp"
#include "issu/cli/progress.hpp"
#include "issu/decide.hpp"
#include "issu/history.hpp"
#include "issu/report/document.hpp"
#include "issu/report/rfc7654.hpp"
#include "issu/supervise.hpp"

namespace issu::cli {
namespace {

/// A coordinator that holds no lock for so long has ended.
constexpr auto patience = std::chrono::seconds(3);
/// With less than this a record may not have found its place.
constexpr std::uintmax_t least_room = 1U << 16U;

int show_result(const Router& router, const RunOptions& options, Outcome outcome) {
  auto history = read_history(router.store.history());
  auto document =
      history ? find_document(*history, "last")
              : Result<nlohmann::ordered_json>(tl::unexpected<Error>(std::move(history).error()));
  if (!document) {
    return say_error(document.error(), options.json);
  }
  if (options.json) {
    fmt::print("{}\n", document->dump(2));
  } else {
    fmt::print("\n{}", report::summary_text(*document));
    if (outcome != Outcome::refused) {
      fmt::print("\n  the whole report: issu report -f {}\n", options.file);
    }
  }
  // What became of the router is the exit code, whatever becomes of a file.
  if (auto written = write_report_files(options.files, *document, *history); !written) {
    static_cast<void>(say_error(written.error(), false));
  }
  if (outcome == Outcome::needs_operator) {
    fmt::print(
        stderr,
        "issu: a person is needed: {}\n    -> repair what it names, then `issu resume -f {}`\n",
        value_of(*document, "reason", ""), options.file);
  }
  return exit_code_of(outcome);
}

/// Its last words can't be read where there was no room for them.
Error ended_early(const Router& router, const std::string& file) {
  const auto folder = router.config.router.state_dir;
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  const bool full = !error && space.available < least_room;
  return Error("the coordinator ended before the upgrade did; " +
                   (full ? "the disk of " + folder.string() + " is full"
                         : "its last words are in " + router.store.coordinator_log().string()),
               (full ? "make room there, then " : "") + ("issu resume -f " + file),
               ErrorKind::needs_person);
}

int follow(const Router& router, const RunOptions& options) {
  Progress progress;
  const Instrument instrument(
      router.store.evidence(),
      options_of(Journal::read(router.store.journal()).value_or(Records{})).id,
      router.config.measure);
  std::size_t shown = options.shown;
  MonoNs last_seen_running = mono_now();
  for (;;) {
    auto records = Journal::read(router.store.journal());
    if (!records) {
      return say_error(records.error(), options.json);
    }
    for (; shown < records->size(); ++shown) {
      progress.record((*records)[shown]);
    }
    if (const Decision decision = decide(*records); decision.kind == Decision::Kind::finished) {
      return show_result(router, options, decision.outcome);
    }
    if (router.store.is_locked()) {
      last_seen_running = mono_now();
    } else if (mono_now() - last_seen_running > std::chrono::nanoseconds(patience).count()) {
      return say_error(ended_early(router, options.file), options.json);
    }
    if (auto live = instrument.live(); live) {
      progress.tick(*live);
    }
    sleep_for(std::chrono::milliseconds(100));
  }
}

/// Runs the upgrade in a process that is ended when a step hangs; `coordinate` tells its own
/// errors, this one those of what is around it.
int run_watched(const Router& router, const std::function<int()>& coordinate, bool json) {
  auto code = supervise(router.store, router.config, coordinate);
  if (!code) {
    return say_error(code.error(), json);
  }
  if (*code > 128) {
    fmt::print(stderr, "issu: the coordinator was killed by signal {}\n", *code - 128);
  }
  return *code;
}

int run_here(const Router& router, const RunOptions& options) {
  give_up_for_coordinator();
  auto lock = router.store.lock();
  if (!lock) {
    return say_error(lock.error(), options.json);
  }
  const int code = run_watched(
      router,
      [&] {
        Progress progress;
        auto outcome =
            run_upgrade(router.parts(), {[&](const Record& record) { progress.record(record); },
                                         [&](const std::string& text) { progress.remark(text); }});
        return outcome ? exit_code_of(*outcome) : say_error(outcome.error(), options.json);
      },
      options.json);
  const Decision end = decide(Journal::read(router.store.journal()).value_or(Records{}));
  return end.kind == Decision::Kind::finished && code == exit_code_of(end.outcome)
             ? show_result(router, options, end.outcome)
             : code;
}

}  // namespace

int coordinate(const Router& router) {
  give_up_for_coordinator();
  auto lock = router.store.lock();
  if (!lock) {
    return say_error(lock.error(), false);
  }
  return run_watched(
      router,
      [&] {
        auto outcome = run_upgrade(router.parts(), {});
        return outcome ? exit_code_of(*outcome) : say_error(outcome.error(), false);
      },
      false);
}

int run_to_end(const Router& router, const RunOptions& options) {
  if (options.foreground) {
    return run_here(router, options);
  }
  if (!router.store.is_locked()) {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto file = std::filesystem::absolute(options.file);
    auto process = spawn_detached({self.string(), "coordinate", "-f", file.string()},
                                  {.log = router.store.coordinator_log()});
    if (!process) {
      return say_error(process.error(), options.json);
    }
    fmt::print(stderr,
               "the upgrade runs on when this terminal goes away; `issu status -f {}` shows it\n",
               options.file);
  }
  return follow(router, options);
}

void add_coordinate_command(CLI::App& app, Exit& exit) {
  auto file = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("coordinate", "Runs an open upgrade (used by issu itself)");
  command->group("");
  command->add_option("-f,--file", *file)->required();
  command->callback([file, &exit] {
    auto router = open_router(*file);
    exit.code = router ? coordinate(*router) : say_error(router.error(), false);
  });
}

}  // namespace issu::cli
