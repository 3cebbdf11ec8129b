#include "issu/drill/matrix_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "issu/config/strict_table.hpp"

namespace issu::drill {
namespace {

using config::Problems;
using config::StrictTable;
using config::TomlMember;
using config::TomlValue;

constexpr std::size_t kMostCells = 200;
const std::vector<std::string> kBackends{"lxc", "vm", "card"};

struct Matrix {
  std::vector<std::string> from;
  std::vector<std::string> to;
  std::vector<std::string> backends;
  std::map<std::string, std::string> images;  ///< by backend: "frr-vm-*"
  bool same = false;
  unsigned line = 0;
};

std::vector<std::string> words(StrictTable& table, const std::string& key) {
  std::vector<std::string> all = table.texts(key);
  if (all.empty()) {
    table.refuse(key, table.has(key) ? "is empty" : "is missing", "add " + key + " = [\"…\"]");
  }
  std::set<std::string> seen;
  for (const std::string& word : all) {
    if (!seen.insert(word).second) {
      table.refuse(key, "\"" + word + "\" stands there twice", "take one away");
    }
  }
  return all;
}

Matrix read_matrix(StrictTable& table) {
  Matrix matrix;
  matrix.from = words(table, "from");
  matrix.to = words(table, "to");
  matrix.backends = table.has("backend") ? words(table, "backend") : std::vector{kBackends.front()};
  for (const std::string& backend : matrix.backends) {
    if (std::find(kBackends.begin(), kBackends.end(), backend) == kBackends.end()) {
      table.refuse("backend", "\"" + backend + "\" is not known",
                   config::suggestion(backend, kBackends));
    }
  }
  if (auto images = table.table("image")) {
    for (const std::string& backend : kBackends) {
      const std::string pattern = images->text(backend, "*");
      if (std::count(pattern.begin(), pattern.end(), '*') != 1) {
        images->refuse(backend, "\"" + pattern + "\" has not one *", "write it like \"frr-*\"");
      }
      matrix.images[backend] = pattern;
    }
    images->finish();
  }
  matrix.same = table.boolean("same", false);
  matrix.line = table.line_of("");
  table.finish();
  return matrix;
}

std::string image_of(const Matrix& matrix, const std::string& backend, const std::string& word) {
  const auto pattern = matrix.images.find(backend);
  std::string image = pattern == matrix.images.end() ? "*" : pattern->second;
  if (const auto star = image.find('*'); star != std::string::npos) {
    image.replace(star, 1, word);
  }
  return image;
}

/// Puts the cell's words into the texts of a document, and remembers which were used.
class Filling {
 public:
  Filling(std::map<std::string, std::string> values, Problems& problems)
      : values_(std::move(values)), problems_(&problems) {}

  void fill(TomlValue& value) {
    if (value.kind == TomlValue::Kind::text) {
      fill_text(value);
    }
    for (TomlValue& item : value.items) {
      fill(item);
    }
    for (TomlMember& member : value.members) {
      fill(member.value);
    }
  }

  [[nodiscard]] bool used(const std::string& word) const { return used_.contains(word); }

 private:
  void fill_text(TomlValue& value) {
    std::string& text = value.text;
    for (std::size_t at = 0; (at = text.find('{', at)) != std::string::npos;) {
      const auto end = text.find('}', at);
      const std::string word =
          end == std::string::npos ? text.substr(at + 1) : text.substr(at + 1, end - at - 1);
      const auto known = values_.find(word);
      if (end == std::string::npos || known == values_.end()) {
        problems_->add(value.line, "", "\"{" + word + "}\" is no word of a matrix",
                       "one of: {from}, {to}, {backend}");
        return;
      }
      used_.insert(word);
      text.replace(at, end - at + 1, known->second);
      at += known->second.size();
    }
  }

  std::map<std::string, std::string> values_;
  std::set<std::string> used_;
  Problems* problems_;
};

/// The lab's backend is the cell's.
void set_backend(TomlValue& document, const std::string& backend, unsigned line,
                 Problems& problems) {
  for (TomlMember& member : document.members) {
    if (member.key != "lab") {
      continue;
    }
    if (const TomlMember* own = member.value.find("backend"); own != nullptr) {
      problems.add(own->line, "lab.backend", "stands in the matrix, too", "take it away here");
      return;
    }
    TomlValue value;
    value.kind = TomlValue::Kind::text;
    value.line = line;
    value.text = backend;
    member.value.members.push_back({"backend", line, std::move(value)});
  }
}

std::vector<Cell> cells_of(const Matrix& matrix, Problems& problems) {
  std::vector<Cell> cells;
  for (const std::string& backend : matrix.backends) {
    for (const std::string& from : matrix.from) {
      for (const std::string& to : matrix.to) {
        if (matrix.same || from != to) {
          cells.push_back({"", from, to, backend});
        }
      }
    }
  }
  if (cells.empty()) {
    problems.add(matrix.line, "matrix", "has no cell: each goes from a release to itself",
                 "add a release, or same = true");
  } else if (cells.size() > kMostCells) {
    problems.add(matrix.line, "matrix",
                 fmt::format("has {} cells, more than {}", cells.size(), kMostCells),
                 "take some away");
    cells.resize(1);
  }
  return cells;
}

}  // namespace

Result<std::vector<ExpandedCell>> expand_matrix(const TomlValue& document,
                                                const std::string& file) {
  if (document.find("matrix") == nullptr) {
    return std::vector<ExpandedCell>{{document, std::nullopt, ""}};
  }
  Problems problems(file);
  StrictTable root(document, "", problems);
  auto table = root.table("matrix");
  const Matrix matrix = table ? read_matrix(*table) : Matrix{};
  if (auto good = problems.result(); !good) {
    return fail(std::move(good).error());
  }
  TomlValue plain = document;
  std::erase_if(plain.members, [](const TomlMember& member) { return member.key == "matrix"; });
  std::vector<ExpandedCell> all;
  for (Cell& cell : cells_of(matrix, problems)) {
    ExpandedCell expanded{plain, cell,
                          fmt::format("-{}-{}-to-{}", cell.backend, cell.from, cell.to)};
    Filling filling({{"from", image_of(matrix, cell.backend, cell.from)},
                     {"to", image_of(matrix, cell.backend, cell.to)},
                     {"backend", cell.backend}},
                    problems);
    filling.fill(expanded.document);
    set_backend(expanded.document, cell.backend, matrix.line, problems);
    for (const char* word : {"from", "to"}) {
      if (all.empty() && !filling.used(word)) {
        problems.add(matrix.line, "matrix", fmt::format("no text says {{{}}}", word),
                     "lab.image = \"{from}\", and upgrade = \"{to}\" in a step");
      }
    }
    if (!problems.none()) {
      break;
    }
    all.push_back(std::move(expanded));
  }
  ISSU_TRY(problems.result(), "");
  return all;
}

}  // namespace issu::drill
