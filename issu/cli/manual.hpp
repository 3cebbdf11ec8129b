#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace issu::cli {

/// The manual of a program, made from the description that its options are parsed by: what
/// --help says, the manual and the completion say too. Hidden commands and options are left out.

/// The program and all its commands, outermost first.
std::vector<const CLI::App*> all_commands(const CLI::App& program);

/// "issu router up"
std::string full_name(const CLI::App& command);
/// "issu-router-up"
std::string page_name(const CLI::App& command);

/// The man page (section 1, roff) of the program or of one of its commands.
std::string man_page(const CLI::App& command, const std::string& version);

/// A script for bash that completes commands, options, values and file names.
std::string bash_completion(const CLI::App& program);

}  // namespace issu::cli
