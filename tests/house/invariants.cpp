#include <regex>
#include <set>
#include <sstream>

#include "tests/house/rules.hpp"

namespace house {
namespace {

const std::string& text_of(const Tree& tree, const std::string& path) {
  static const std::string none;
  const auto file = tree.find(path);
  return file == tree.end() ? none : file->second;
}

/// What is wrong with a line that names a test; empty: it is there.
std::string test_of_line(const Tree& tree, const std::string& line) {
  static const std::regex unit("- `([^`]+)`: (.+)");
  static const std::regex drill("- drill `([^`]+)`");
  std::smatch parts;
  if (std::regex_match(line, parts, unit)) {
    const std::string name = "\"" + parts[2].str() + "\"";
    return text_of(tree, parts[1]).find(name) == std::string::npos
               ? parts[1].str() + " has no test case " + name
               : "";
  }
  if (std::regex_match(line, parts, drill)) {
    return tree.contains("scenarios/" + parts[1].str() + ".toml")
               ? ""
               : "there is no drill " + parts[1].str();
  }
  return "names neither a test nor a drill";
}

}  // namespace

std::vector<std::string> invariant_violations(const Tree& tree) {
  const std::string here = "docs/invariants.md";
  std::vector<std::string> violations;
  std::set<std::string> held;
  std::string number;
  std::istringstream lines(text_of(tree, here));
  static const std::regex heading("## ([0-9]+)\\. .*");
  std::size_t at = 0;
  for (std::string line; std::getline(lines, line);) {
    ++at;
    std::smatch parts;
    if (line.starts_with("## ")) {
      number = std::regex_match(line, parts, heading) ? parts[1].str() : "";
    } else if (!number.empty() && line.starts_with("- ")) {
      held.insert(number);
      if (const std::string wrong = test_of_line(tree, line); !wrong.empty()) {
        violations.push_back(here + ":" + std::to_string(at) + ": " + wrong);
      }
    }
  }
  static const std::regex row("\\| ([0-9]+) \\| .*");
  std::istringstream table(text_of(tree, "docs/architecture.md"));
  std::size_t invariants = 0;
  for (std::string line; std::getline(table, line);) {
    std::smatch parts;
    if (std::regex_match(line, parts, row)) {
      ++invariants;
      if (!held.contains(parts[1].str())) {
        violations.push_back(here + ": no test holds invariant " + parts[1].str());
      }
    }
  }
  if (invariants == 0) {
    violations.emplace_back("docs/architecture.md: there are no invariants");
  }
  return violations;
}

}  // namespace house
