#pragma once

#include "issu/cli/command.hpp"

namespace issu::cli {

/// Adds `issu drill matrix` to `issu drill`.
void add_drill_matrix(CLI::App& drill, Exit& exit);

}  // namespace issu::cli
