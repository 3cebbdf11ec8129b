#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "issu/base/error.hpp"

namespace issu::cli {

/// What a command leaves for `main`: its exit code.
struct Exit {
  int code = 0;
};

/// The exit code of an error: 1 failed, 2 usage, 3 refused, 4 a person is needed.
[[nodiscard]] int exit_code_of(const Error& error);

/// Says an error to the user: lines on standard error, or with `json` one object on standard
/// output. Gives back the exit code.
int say_error(const Error& error, bool json);

/// Options that many commands have.
struct Common {
  std::string file = "/etc/issu/router.toml";
  bool json = false;
};

/// Adds -f/--file and --json to a command.
void add_common(CLI::App& command, Common& common);

/// Example lines shown at the end of --help.
void add_example(CLI::App& command, const std::string& example);

// One function a command, one file a function: each adds its subcommand with a callback that does
// the work and sets `exit.code`. The state that the options are read into is kept alive by the
// callback (a shared_ptr).
void add_doctor_command(CLI::App& app, Exit& exit);
void add_router_command(CLI::App& app, Exit& exit);
void add_npu_command(CLI::App& app, Exit& exit);
void add_measure_command(CLI::App& app, Exit& exit);
void add_image_command(CLI::App& app, Exit& exit);
void add_checkpoint_command(CLI::App& app, Exit& exit);
void add_validate_command(CLI::App& app, Exit& exit);
void add_upgrade_command(CLI::App& app, Exit& exit);
void add_status_command(CLI::App& app, Exit& exit);
void add_accept_command(CLI::App& app, Exit& exit);
void add_abort_command(CLI::App& app, Exit& exit);
void add_rollback_command(CLI::App& app, Exit& exit);
void add_resume_command(CLI::App& app, Exit& exit);
void add_history_command(CLI::App& app, Exit& exit);
void add_report_command(CLI::App& app, Exit& exit);
void add_sla_command(CLI::App& app, Exit& exit);
void add_drill_command(CLI::App& app, Exit& exit);
void add_compare_command(CLI::App& app, Exit& exit);
void add_completion_command(CLI::App& app, Exit& exit);
void add_manpage_command(CLI::App& app, Exit& exit);

}  // namespace issu::cli
