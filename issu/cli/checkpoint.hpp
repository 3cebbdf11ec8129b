#pragma once

#include "issu/cli/command.hpp"

namespace issu::cli {

// The verbs of `issu checkpoint`, each in a file of its own.
void add_checkpoint_save(CLI::App& parent, Exit& exit);
void add_checkpoint_show(CLI::App& parent, Exit& exit);
void add_checkpoint_verify(CLI::App& parent, Exit& exit);
void add_checkpoint_restore(CLI::App& parent, Exit& exit);

}  // namespace issu::cli
