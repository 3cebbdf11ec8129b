#pragma once

#include "issu/cli/command.hpp"

namespace issu::cli {

/// `issu drill run`
void add_drill_run(CLI::App& drill, Exit& exit);

}  // namespace issu::cli
