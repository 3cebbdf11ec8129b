#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "issu/cli/manual.hpp"

namespace issu::cli {
namespace {

/// "/router/up": how the script names a command; the program itself is "".
std::string path_of(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? "" : path_of(*parent) + "/" + command.get_name();
}

std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) {
    names.push_back("-" + name);
  }
  for (const std::string& name : option.get_lnames()) {
    names.push_back("--" + name);
  }
  return names;
}

std::vector<const CLI::Option*> options_of(const CLI::App& command) {
  return command.get_options([](const CLI::Option* each) { return !each->get_group().empty(); });
}

/// The words that an option or argument may be, where it is held to some: its type reads
/// "TEXT:{restart,checkpoint}" then.
std::string choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto begin = type.find('{');
  const auto end = type.find('}', begin);
  if (begin == std::string::npos || end == std::string::npos) {
    return {};
  }
  std::string words = type.substr(begin + 1, end - begin - 1);
  std::replace(words.begin(), words.end(), ',', ' ');
  return words;
}

/// What can stand next after this command.
std::string next_words(const CLI::App& command) {
  std::vector<std::string> words;
  for (const CLI::App* each : all_commands(command)) {
    if (each->get_parent() == &command) {
      words.push_back(each->get_name());
    }
  }
  for (const CLI::Option* option : options_of(command)) {
    const auto names = names_of(*option);
    words.insert(words.end(), names.begin(), names.end());
    if (names.empty() && !choices_of(*option).empty()) {
      words.push_back(choices_of(*option));
    }
  }
  return fmt::format("{}", fmt::join(words, " "));
}

/// A line for each option with a value: its choices, or nothing, and then bash offers files.
std::string value_lines(const CLI::App& command) {
  std::string lines;
  for (const CLI::Option* option : options_of(command)) {
    const auto names = names_of(*option);
    if (names.empty() || option->get_items_expected_max() == 0) {
      continue;
    }
    std::vector<std::string> patterns;
    for (const std::string& name : names) {
      patterns.push_back("\"" + path_of(command) + ":" + name + "\"");
    }
    lines += fmt::format("    {})\n      COMPREPLY=($(compgen -W \"{}\" -- \"$word\"))\n",
                         fmt::join(patterns, " | "), choices_of(*option));
    lines += "      return\n      ;;\n";
  }
  return lines;
}

}  // namespace

std::string bash_completion(const CLI::App& program) {
  std::string paths;
  std::string values;
  std::string words;
  for (const CLI::App* command : all_commands(program)) {
    const std::string path = path_of(*command);
    if (!path.empty()) {
      paths += (paths.empty() ? "" : " | ") + path;
    }
    values += value_lines(*command);
    words += fmt::format("    \"{}\") words=\"{}\" ;;\n", path, next_words(*command));
  }
  const std::string name = program.get_name();
  std::string script =
      fmt::format("# bash completion for {0}; made by `{0} completion bash`\n", name);
  script += fmt::format("_{}() {{\n", name);
  script +=
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
      "  local path= words= i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"$path/${COMP_WORDS[i]}\" in\n";
  if (!paths.empty()) {
    script += "      " + paths + ") path+=\"/${COMP_WORDS[i]}\" ;;\n";
  }
  script += "    esac\n  done\n  case \"$path:$before\" in\n" + values + "  esac\n";
  script += "  case \"$path\" in\n" + words + "  esac\n";
  script += "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n";
  script += fmt::format("complete -o default -F _{0} {0}\n", name);
  return script;
}

}  // namespace issu::cli
