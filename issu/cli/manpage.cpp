#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <sstream>

#include "issu/cli/manual.hpp"

namespace issu::cli {
namespace {

bool shown(const CLI::App& command) {
  return !command.get_group().empty();
}

std::vector<const CLI::App*> commands_of(const CLI::App& command) {
  return command.get_subcommands([](const CLI::App* each) { return shown(*each); });
}

void collect(const CLI::App& command, std::vector<const CLI::App*>& all) {
  all.push_back(&command);
  for (const CLI::App* each : commands_of(command)) {
    collect(*each, all);
  }
}

/// Text for roff: nothing in it is taken for a request or an escape.
std::string plain(const std::string& text) {
  std::string out;
  bool line_starts = true;
  for (const char letter : text) {
    if (line_starts && (letter == '.' || letter == '\'')) {
      out += "\\&";
    }
    line_starts = letter == '\n';
    if (letter == '\\') {
      out += "\\e";
    } else if (letter == '-') {
      out += "\\-";
    } else {
      out += letter;
    }
  }
  return out;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  return text;
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

std::string option_entry(const CLI::Option& option) {
  std::string names;
  for (const std::string& name : option.get_snames()) {
    names += fmt::format("{}\\fB\\-{}\\fR", names.empty() ? "" : ", ", plain(name));
  }
  for (const std::string& name : option.get_lnames()) {
    names += fmt::format("{}\\fB\\-\\-{}\\fR", names.empty() ? "" : ", ", plain(name));
  }
  if (names.empty()) {
    names = "\\fI" + plain(option.get_name()) + "\\fR";
  } else if (takes_value(option)) {
    names += " \\fI" + plain(option.get_type_name()) + "\\fR";
  }
  std::string text = fmt::format(".TP\n{}\n{}", names, plain(option.get_description()));
  if (!option.get_default_str().empty()) {
    text += fmt::format(" (default: {})", plain(option.get_default_str()));
  }
  if (option.get_required()) {
    text += " (required)";
  }
  return text + "\n";
}

std::string synopsis(const CLI::App& command) {
  std::string text = ".B " + plain(full_name(command)) + "\n";
  if (!command.get_options([](const CLI::Option* each) { return each->nonpositional(); }).empty()) {
    text += "[\\fIOPTIONS\\fR]\n";
  }
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional() && !option->get_group().empty()) {
      const std::string name = "\\fI" + plain(option->get_name()) + "\\fR";
      text += (option->get_required() ? name : "[" + name + "]") + "\n";
    }
  }
  if (!commands_of(command).empty()) {
    text += "\\fICOMMAND\\fR ...\n";
  }
  return text;
}

/// The footer holds remarks, and examples behind a line "Example:".
std::string remarks(const std::string& footer) {
  constexpr const char* heading = "Example:\n";
  const auto at = footer.find(heading);
  std::string text;
  if (const std::string before = footer.substr(0, at); !before.empty()) {
    text += ".SH NOTES\n.nf\n" + plain(before) + "\n.fi\n";
  }
  if (at != std::string::npos) {
    text +=
        ".SH EXAMPLES\n.nf\n" + plain(footer.substr(at + std::string(heading).size())) + "\n.fi\n";
  }
  return text;
}

}  // namespace

std::vector<const CLI::App*> all_commands(const CLI::App& program) {
  std::vector<const CLI::App*> all;
  collect(program, all);
  return all;
}

std::string full_name(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : full_name(*parent) + " " + command.get_name();
}

std::string page_name(const CLI::App& command) {
  std::string name = full_name(command);
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string man_page(const CLI::App& command, const std::string& version) {
  std::string text = fmt::format(".TH {} 1 \"\" \"issu {}\" \"In-service software upgrade\"\n",
                                 upper(plain(page_name(command))), plain(version));
  std::string line = command.get_description();
  std::replace(line.begin(), line.end(), '\n', ' ');
  text += fmt::format(".SH NAME\n{} \\- {}\n", plain(page_name(command)), plain(line));
  text += ".SH SYNOPSIS\n" + synopsis(command);
  const auto options =
      command.get_options([](const CLI::Option* each) { return !each->get_group().empty(); });
  if (!options.empty()) {
    text += ".SH OPTIONS\n";
    for (const CLI::Option* option : options) {
      text += option_entry(*option);
    }
  }
  if (const auto commands = commands_of(command); !commands.empty()) {
    text += ".SH COMMANDS\n";
    for (const CLI::App* each : commands) {
      text += fmt::format(".TP\n\\fB{}\\fR(1)\n{}\n", plain(page_name(*each)),
                          plain(each->get_description()));
    }
  }
  text += remarks(command.get_footer());
  if (const CLI::App* parent = command.get_parent(); parent != nullptr) {
    text += fmt::format(".SH SEE ALSO\n\\fB{}\\fR(1)\n", plain(page_name(*parent)));
  }
  return text;
}

}  // namespace issu::cli
