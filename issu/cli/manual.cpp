#include "issu/cli/manual.hpp"

#include <fmt/format.h>

#include "issu/base/file.hpp"
#include "issu/cli/command.hpp"

namespace issu::cli {
namespace {

struct ManualOptions {
  std::vector<std::string> command;
  std::string folder;
};

Result<void> write_pages(const CLI::App& program, const std::string& folder) {
  ISSU_TRY(make_dirs(folder, 0755), "writing the manual");
  for (const CLI::App* command : all_commands(program)) {
    ISSU_TRY(write_file_atomic(folder + "/" + page_name(*command) + ".1",
                               man_page(*command, ISSU_VERSION), 0644),
             "writing the manual");
  }
  return {};
}

Result<void> print_page(const CLI::App& program, const ManualOptions& options) {
  const std::string wanted = program.get_name() + (options.command.empty() ? "" : " ") +
                             fmt::format("{}", fmt::join(options.command, " "));
  for (const CLI::App* command : all_commands(program)) {
    if (full_name(*command) == wanted) {
      fmt::print("{}", man_page(*command, ISSU_VERSION));
      return {};
    }
  }
  return fail("there is no command `" + wanted + "`", "issu --help names them", ErrorKind::usage);
}

}  // namespace

void add_completion_command(CLI::App& app, Exit& exit) {
  CLI::App* command = app.add_subcommand("completion", "Print a script that completes commands");
  auto shell = std::make_shared<std::string>("bash");
  command->add_option("SHELL", *shell, "The shell to write it for")
      ->check(CLI::IsMember({"bash"}))
      ->required();
  add_example(*command, "source <(issu completion bash)");
  command->callback([&app, shell, &exit] {
    fmt::print("{}", bash_completion(app));
    exit.code = 0;
  });
}

void add_manpage_command(CLI::App& app, Exit& exit) {
  CLI::App* command = app.add_subcommand("manpage", "Print a man page (roff)");
  command->group("");
  auto options = std::make_shared<ManualOptions>();
  command->add_option("COMMAND", options->command, "Which command; none: the program's own page");
  command->add_option("--all", options->folder, "Write all pages into this folder");
  command->callback([&app, options, &exit] {
    const auto done =
        options->folder.empty() ? print_page(app, *options) : write_pages(app, options->folder);
    exit.code = done ? 0 : say_error(done.error(), false);
  });
}

}  // namespace issu::cli
