#include "tests/house/rules.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

#include "tests/house/table.hpp"

namespace house {
namespace {

bool is_source(std::string_view path) {
  return path.ends_with(".cpp") || path.ends_with(".hpp");
}

bool is_code(std::string_view path) {
  return is_source(path) || path.ends_with(".cmake") || path.ends_with(".txt") ||
         path.starts_with("scenarios/") || path.starts_with(".ci/") || path == "tests/run";
}

/// The deepest row of the table that holds this path; none when it lies outside all of them.
const Folder* folder_of(std::string_view path) {
  const Folder* deepest = nullptr;
  for (const Folder& folder : folders()) {
    const bool holds = path.starts_with(folder.name) && path.size() > folder.name.size() &&
                       path[folder.name.size()] == '/';
    if (holds && (deepest == nullptr || folder.name.size() > deepest->name.size())) {
      deepest = &folder;
    }
  }
  return deepest;
}

void each_line(const std::string& text,
               const std::function<void(std::size_t, std::string_view)>& visit) {
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    visit(++number, std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
  }
}

/// What stands between the quotes of `#include "..."`, in any spacing; empty for other lines.
std::string_view quoted_include(std::string_view line) {
  const auto skip = [&line] {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  };
  skip();
  if (!line.starts_with('#')) {
    return {};
  }
  line.remove_prefix(1);
  skip();
  if (!line.starts_with("include")) {
    return {};
  }
  line.remove_prefix(7);
  skip();
  if (!line.starts_with('"')) {
    return {};
  }
  line.remove_prefix(1);
  return line.substr(0, line.find('"'));
}

bool allowed(const Folder& from, std::string_view included) {
  const Folder* to = folder_of(included);
  if (from.name == "tests" && included.find('/') == std::string_view::npos) {
    return true;  // a helper beside the test
  }
  if (from.includes_anything || to == &from || (to != nullptr && to->name == "issu/base")) {
    return to != nullptr;
  }
  return to != nullptr &&
         std::any_of(from.may_include.begin(), from.may_include.end(), [&](std::string_view entry) {
           return entry == included || entry == to->name;
         });
}

std::string at(const std::string& path, std::size_t line) {
  return path + ":" + std::to_string(line) + ": ";
}

}  // namespace

Tree read_tree(const std::string& root) {
  namespace fs = std::filesystem;
  Tree tree;
  for (auto entry = fs::recursive_directory_iterator(root);
       entry != fs::recursive_directory_iterator(); ++entry) {
    const std::string name = entry->path().filename();
    const bool at_top = entry.depth() == 0;
    if (at_top && (name == "build" || name == ".git" || name == ".cache")) {
      entry.disable_recursion_pending();
      continue;
    }
    if (!entry->is_regular_file()) {
      continue;
    }
    std::ifstream file(entry->path(), std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (text.find('\0') == std::string::npos) {
      tree.emplace(fs::relative(entry->path(), root), std::move(text));
    }
  }
  return tree;
}

std::vector<std::string> include_violations(const Tree& tree) {
  std::vector<std::string> found;
  for (const auto& [path, text] : tree) {
    if (!is_source(path)) {
      continue;
    }
    const Folder* from = folder_of(path);
    if (from == nullptr) {
      found.push_back(path + ": its folder has no row in tests/house/table.hpp");
      continue;
    }
    each_line(text, [&, file = path](std::size_t number, std::string_view line) {
      const std::string_view included = quoted_include(line);
      if (!included.empty() && !allowed(*from, included)) {
        found.push_back(at(file, number) + std::string(from->name) + " may not include " +
                        std::string(included));
      }
    });
  }
  return found;
}

std::vector<std::string> sole_owner_violations(const Tree& tree) {
  std::vector<std::string> found;
  for (const SoleOwner& owner : sole_owners()) {
    std::set<std::string> files;
    for (const auto& [path, text] : tree) {
      if (is_source(path) && !path.starts_with("tests/") &&
          text.find(owner.marker) != std::string::npos) {
        files.insert(path);
      }
    }
    if (files.size() > 1) {
      std::string names;
      for (const std::string& file : files) {
        names += " " + file;
      }
      found.push_back("one file only may know " + std::string(owner.name) + ", not:" + names);
    }
  }
  return found;
}

std::vector<std::string> inheritance_violations(const Tree& tree) {
  // A head of a class with bases: "class A final : public B, private C<D> {". The first group is
  // "enum " when the colon is followed by an enumeration's type.
  static const std::regex head(
      R"((enum\s+)?\b(?:class|struct)\s+[\w:<>]+(?:\s+final)?\s*[^:]:\s*([^:{};()][^{};()]*)\{)");
  static const std::regex access(R"(^\s*(?:(?:public|protected|private|virtual)\s+)*)");
  std::vector<std::string> found;
  for (const auto& [path, text] : tree) {
    if (!is_source(path) || path.starts_with("tests/")) {
      continue;
    }
    for (std::sregex_iterator each(text.begin(), text.end(), head); each != std::sregex_iterator();
         ++each) {
      if ((*each)[1].matched) {
        continue;
      }
      const auto line = static_cast<std::size_t>(
          1 + std::count(text.begin(), text.begin() + each->position(), '\n'));
      std::istringstream list((*each)[2].str());
      for (std::string base; std::getline(list, base, ',');) {
        base = std::regex_replace(base, access, "");
        base.erase(base.find_last_not_of(" \t\n") + 1);
        if (std::none_of(bases().begin(), bases().end(),
                         [&](const Base& known) { return known.name == base; })) {
          found.push_back(at(path, line) + "derives from " + base +
                          "; only the two ports are derived from");
        }
      }
    }
  }
  return found;
}

std::vector<std::string> word_violations(const Tree& tree) {
  std::vector<std::string> found;
  for (const auto& [path, text] : tree) {
    each_line(text, [&, file = path](std::size_t number, std::string_view line) {
      for (const Forbidden& word : forbidden()) {
        const std::string whole = std::string(word.first) + std::string(word.second);
        if (line.find(whole) != std::string_view::npos) {
          found.push_back(at(file, number) + "\"" + whole + "\": " + std::string(word.why));
        }
      }
    });
  }
  return found;
}

std::vector<std::string> length_violations(const Tree& tree, std::vector<std::string>& notes) {
  std::vector<std::string> found;
  for (const auto& [path, text] : tree) {
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    if (is_code(path) && lines > many_lines) {
      (lines > most_lines ? found : notes)
          .push_back(path + " has " + std::to_string(lines) + " lines, at most " +
                     std::to_string(most_lines) + " are allowed");
    }
  }
  return found;
}

}  // namespace house
