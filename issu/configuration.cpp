#include "issu/configuration.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include "issu/base/file.hpp"

namespace issu {
namespace {

constexpr std::uintmax_t largest_file = 16U << 20U;
/// A document is a line of the history; what is more is counted.
constexpr std::size_t most_lines = 50;

std::string trimmed(const std::string& line) {
  const auto begin = line.find_first_not_of(" \t\r");
  if (begin == std::string::npos) {
    return "";
  }
  return line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
}

bool says_nothing(const std::string& line) {
  return line.empty() || line.front() == '!' || line.front() == '#' || line == "end" ||
         line == "exit" || line.starts_with("exit-") || line.ends_with("configuration:") ||
         line.starts_with("Building configuration");
}

/// Whatever stands behind a word that is followed by a secret is left out.
std::string without_secrets(const std::string& line) {
  static const std::set<std::string> secret_words{
      "key-string", "authentication-key", "message-digest-key", "key", "secret", "community"};
  std::istringstream words(line);
  std::string safe;
  for (std::string word; words >> word;) {
    safe += (safe.empty() ? "" : " ") + word;
    const bool is_snmp = word != "community" || line.starts_with("snmp-server");
    if (word.ends_with("password") || (secret_words.contains(word) && is_snmp)) {
      return safe + " (not shown)";
    }
  }
  return safe;
}

/// The statement itself, without those that it stands in.
std::string statement(const std::string& line) {
  const auto place = line.rfind(" / ");
  return place == std::string::npos ? line : line.substr(place + 3);
}

std::filesystem::path note_of(const Context& context) {
  return context.instrument.dir() / "configuration.before";
}

void shorten(std::vector<std::string>& list) {
  if (list.size() > most_lines) {
    const std::size_t more = list.size() - most_lines;
    list.resize(most_lines);
    list.push_back("and " + std::to_string(more) + " more");
  }
}

}  // namespace

std::vector<std::string> configuration_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::vector<std::pair<std::size_t, std::string>> around;  // indentation and statement
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    const std::string words = trimmed(line);
    if (says_nothing(words)) {
      continue;
    }
    const std::size_t indentation = line.find_first_not_of(" \t");
    while (!around.empty() && around.back().first >= indentation) {
      around.pop_back();
    }
    std::string whole;
    for (const auto& [depth, outer] : around) {
      whole += outer + " / ";
    }
    const std::string safe = without_secrets(words);
    lines.push_back(whole + safe);
    around.emplace_back(indentation, safe);
  }
  std::sort(lines.begin(), lines.end());
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  return lines;
}

std::vector<std::string> configured_lines(const std::filesystem::path& folder) {
  std::vector<std::string> all;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (const auto text = read_file(entry.path(), largest_file); text) {
      const auto lines = configuration_lines(*text);
      all.insert(all.end(), lines.begin(), lines.end());
    }
  }
  return all;
}

report::ConfigurationDelta compare_configurations(const std::vector<std::string>& before,
                                                  const std::vector<std::string>& after,
                                                  const std::vector<std::string>& configured,
                                                  bool same_version) {
  std::set<std::string> own;
  for (const std::string& line : configured) {
    own.insert(statement(line));
  }
  const std::set<std::string> old_side(before.begin(), before.end());
  const std::set<std::string> new_side(after.begin(), after.end());
  report::ConfigurationDelta delta;
  delta.compared = true;
  for (const std::string& line : old_side) {
    if (!new_side.contains(line)) {
      const bool unexpected = same_version || own.contains(statement(line));
      (unexpected ? delta.unexpected : delta.release).push_back("gone: " + line);
    }
  }
  for (const std::string& line : new_side) {
    if (!old_side.contains(line)) {
      (same_version ? delta.unexpected : delta.release).push_back("new: " + line);
    }
  }
  shorten(delta.release);
  shorten(delta.unexpected);
  return delta;
}

Result<void> note_configuration(Context& context) {
  ISSU_TRY(remove_tree(note_of(context)), "noting the configuration");
  auto text = context.rp.running_config(context.from);
  if (!text) {
    context.tell("the configuration is not compared: " + text.error().message());
    return {};
  }
  if (!*text) {
    return {};
  }
  std::string note;
  for (const std::string& line : configuration_lines(**text)) {
    note += line + "\n";
  }
  ISSU_TRY(make_dirs(context.instrument.dir()), "noting the configuration");
  ISSU_TRY(write_file_atomic(note_of(context), note), "noting the configuration");
  return {};
}

report::ConfigurationDelta configuration_delta(const Context& context, backends::Slot slot,
                                               bool same_version) {
  report::ConfigurationDelta delta;
  std::error_code error;
  if (!std::filesystem::exists(note_of(context), error)) {
    delta.why_not = "the daemons did not say their configuration before the upgrade";
    return delta;
  }
  auto note = read_file(note_of(context), largest_file);
  auto text = context.rp.running_config(slot);
  if (!note || !text) {
    delta.why_not = (note ? text.error() : note.error()).message();
    return delta;
  }
  if (!*text) {
    delta.why_not = "the daemons did not say their configuration after the upgrade";
    return delta;
  }
  std::vector<std::string> before;
  std::istringstream lines(*note);
  for (std::string line; std::getline(lines, line);) {
    before.push_back(line);
  }
  return compare_configurations(before, configuration_lines(**text),
                                configured_lines(context.config.router.config_dir), same_version);
}

}  // namespace issu
