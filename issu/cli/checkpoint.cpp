#include "issu/cli/checkpoint.hpp"

namespace issu::cli {

void add_checkpoint_command(CLI::App& app, Exit& exit) {
  CLI::App* command = app.add_subcommand(
      "checkpoint", "Keep a running route processor in a file, and bring it back from there");
  command->require_subcommand(1);
  add_checkpoint_save(*command, exit);
  add_checkpoint_show(*command, exit);
  add_checkpoint_verify(*command, exit);
  add_checkpoint_restore(*command, exit);
}

}  // namespace issu::cli
