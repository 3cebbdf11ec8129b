#pragma once

#include <filesystem>

#include "backends/spec.hpp"
#include "backends/suite/suite.hpp"
#include "issu/base/result.hpp"

/// What a slot is made of, whatever it runs in.
namespace issu::backends {

/// The suite of a router whose name can be that of a container or a virtual machine; for as long as
/// the program runs.
Result<const Suite*> suite_of(const RouterSpec& spec);

/// issu-init, beside the program that runs, or in ../libexec/issu.
Result<std::filesystem::path> find_init_program();
/// Copies it to a file of that name.
Result<void> bring_init_program(const std::filesystem::path& to);

/// Copies a configuration folder with those below it, as far as the suite's daemons take the files.
/// They belong to the caller, root: daemons that gave up their right to read everything need that.
Result<void> copy_config(const Suite& suite, const std::filesystem::path& from,
                         const std::filesystem::path& to);

}  // namespace issu::backends
