#include <algorithm>
#include <regex>

#include "tests/house/rules.hpp"
#include "tests/house/table.hpp"

namespace house {

std::vector<std::string> shell_violations(const Tree& tree) {
  // Calls that start one, and a shell as a word of a command.
  static const std::regex call(R"((^|[^\w.>:])(?:::|std::)?(system|popen|wordexp)\s*\()");
  static const std::regex word(R"("(/usr)?(/bin/)?(ba|da|z|k)?sh"|\bsh -c\b|busybox sh\b)");
  static const std::regex quoted(R"("([^"\\]|\\.)*")");
  std::vector<std::string> found;
  for (const auto& [path, text] : tree) {
    const bool source = path.ends_with(".cpp") || path.ends_with(".hpp") || path.ends_with(".h");
    const bool allowed =
        std::any_of(shells().begin(), shells().end(),
                    [&, file = path](const Shell& shell) { return shell.file == file; });
    if (!source || allowed || path.starts_with("tests/")) {
      continue;
    }
    std::size_t number = 0;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      const std::string line = text.substr(begin, end - begin);
      ++number;
      begin = end + 1;
      const std::string code = line.substr(0, line.find("//"));
      if (std::regex_search(code, word) ||
          std::regex_search(std::regex_replace(code, quoted, "\"\""), call)) {
        found.push_back(path + ":" + std::to_string(number) +
                        ": gives words to a shell; run() takes a list of words");
      }
    }
  }
  return found;
}

}  // namespace house
