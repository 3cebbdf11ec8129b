#include "issu/config/strict_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace issu::config {
namespace {

/// Levenshtein distance; the words are short keys.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, change}));
    }
  }
  return row[b.size()];
}

std::string listed(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace

void Problems::add(unsigned line, const std::string& key, const std::string& what,
                   std::string hint) {
  problems_.push_back({line, key.empty() ? what : key + ": " + what, std::move(hint)});
}

Result<void> Problems::result() const {
  if (problems_.empty()) {
    return {};
  }
  std::vector<Problem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Problem& a, const Problem& b) { return a.line < b.line; });
  std::vector<Error> errors;
  for (const Problem& problem : sorted) {
    const std::string place = problem.line == 0 ? file_ : fmt::format("{}:{}", file_, problem.line);
    errors.emplace_back(place + ": " + problem.what, problem.hint, ErrorKind::refused);
  }
  Error all = errors.front();
  for (std::size_t i = 1; i < errors.size(); ++i) {
    all.also(errors[i]);
  }
  return fail(std::move(all));
}

std::string closest(std::string_view word, const std::vector<std::string>& choices) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& choice : choices) {
    if (const std::size_t d = distance(word, choice); d < best_distance) {
      best_distance = d;
      best = choice;
    }
  }
  return best;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& choices) {
  if (const std::string best = closest(word, choices); !best.empty()) {
    return "did you mean \"" + best + "\"?";
  }
  return "one of: " + listed(choices);
}

std::string StrictTable::path_of(const std::string& key) const {
  return path_.empty() ? key : key.empty() ? path_ : path_ + "." + key;
}

unsigned StrictTable::line_of(const std::string& key) const {
  const TomlMember* member = table_->find(key);
  return member == nullptr ? table_->line : member->line;
}

void StrictTable::refuse(const std::string& key, const std::string& what, std::string hint) {
  problems_->add(line_of(key), path_of(key), what, std::move(hint));
}

const TomlValue* StrictTable::value(const std::string& key) {
  known_.push_back(key);
  const TomlMember* member = table_->find(key);
  return member == nullptr ? nullptr : &member->value;
}

bool StrictTable::has(const std::string& key) {
  return value(key) != nullptr;
}

const TomlValue* StrictTable::of_kind(const std::string& key, TomlValue::Kind kind,
                                      const char* wanted) {
  const TomlValue* found = value(key);
  if (found != nullptr && found->kind != kind) {
    refuse(key, "is " + found->kind_name() + ", " + wanted + " is wanted",
           std::string("write ") + wanted);
    return nullptr;
  }
  return found;
}

std::string StrictTable::text(const std::string& key, std::string fallback) {
  const TomlValue* found = of_kind(key, TomlValue::Kind::text, "a text");
  return found == nullptr ? std::move(fallback) : found->text;
}

std::string StrictTable::required_text(const std::string& key) {
  if (!has(key)) {
    refuse(key, "is missing", "add " + key + " = \"…\"");
    return {};
  }
  const TomlValue* found = of_kind(key, TomlValue::Kind::text, "a text");
  if (found != nullptr && found->text.empty()) {
    refuse(key, "is empty", "give it a value");
  }
  return found == nullptr ? std::string() : found->text;
}

std::string StrictTable::choice(const std::string& key, const std::vector<std::string>& choices,
                                std::string fallback) {
  const TomlValue* found = of_kind(key, TomlValue::Kind::text, "a text");
  if (found == nullptr) {
    return fallback;
  }
  if (std::find(choices.begin(), choices.end(), found->text) == choices.end()) {
    refuse(key, "\"" + found->text + "\" is not known", suggestion(found->text, choices));
    return {};
  }
  return found->text;
}

std::string StrictTable::required_choice(const std::string& key,
                                         const std::vector<std::string>& choices) {
  if (!has(key)) {
    refuse(key, "is missing", "add " + key + " = \"…\", one of: " + listed(choices));
    return {};
  }
  return choice(key, choices, {});
}

bool StrictTable::in_range(const std::string& key, double value, Range range) {
  if (value >= range.least && value <= range.most) {
    return true;
  }
  refuse(key, fmt::format("{} is out of range", value),
         fmt::format("{} to {}", range.least, range.most));
  return false;
}

double StrictTable::number(const std::string& key, Range range, double fallback) {
  const TomlValue* found = value(key);
  if (found != nullptr && found->kind == TomlValue::Kind::integer) {
    return in_range(key, found->number, range) ? found->number : fallback;
  }
  found = of_kind(key, TomlValue::Kind::number, "a number");
  return found != nullptr && in_range(key, found->number, range) ? found->number : fallback;
}

std::int64_t StrictTable::integer(const std::string& key, Range range, std::int64_t fallback) {
  const TomlValue* found = of_kind(key, TomlValue::Kind::integer, "a whole number");
  return found != nullptr && in_range(key, found->number, range) ? found->integer : fallback;
}

bool StrictTable::boolean(const std::string& key, bool fallback) {
  const TomlValue* found = of_kind(key, TomlValue::Kind::boolean, "true or false");
  return found == nullptr ? fallback : found->boolean;
}

std::vector<std::string> StrictTable::texts(const std::string& key) {
  const TomlValue* found = of_kind(key, TomlValue::Kind::array, "a list of texts");
  std::vector<std::string> all;
  if (found == nullptr) {
    return all;
  }
  for (std::size_t i = 0; i < found->items.size(); ++i) {
    const TomlValue& item = found->items[i];
    if (item.kind != TomlValue::Kind::text || item.text.empty()) {
      problems_->add(item.line, fmt::format("{}[{}]", path_of(key), i + 1),
                     item.text.empty() && item.kind == TomlValue::Kind::text
                         ? "is empty"
                         : "is " + item.kind_name() + ", a text is wanted",
                     "write a text");
      continue;
    }
    all.push_back(item.text);
  }
  return all;
}

std::optional<StrictTable> StrictTable::table(const std::string& key, bool required) {
  if (required && !has(key)) {
    refuse(key, "the section is missing", "add [" + path_of(key) + "]");
    return std::nullopt;
  }
  const TomlValue* found = of_kind(key, TomlValue::Kind::table, "a table");
  if (found == nullptr) {
    return std::nullopt;
  }
  return StrictTable(*found, path_of(key), *problems_);
}

std::vector<StrictTable> StrictTable::tables(const std::string& key) {
  std::vector<StrictTable> all;
  const TomlValue* found = of_kind(key, TomlValue::Kind::array, "a list of tables");
  if (found == nullptr) {
    return all;
  }
  for (std::size_t i = 0; i < found->items.size(); ++i) {
    const std::string path = fmt::format("{}[{}]", path_of(key), i + 1);
    if (found->items[i].kind != TomlValue::Kind::table) {
      problems_->add(found->items[i].line, path,
                     "is " + found->items[i].kind_name() + ", a table is wanted",
                     "write [[" + key + "]] or { … }");
      continue;
    }
    all.emplace_back(found->items[i], path, *problems_);
  }
  return all;
}

void StrictTable::finish() {
  for (const TomlMember& member : table_->members) {
    if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) {
      continue;
    }
    std::vector<std::string> choices = known_;
    std::sort(choices.begin(), choices.end());
    choices.erase(std::unique(choices.begin(), choices.end()), choices.end());
    problems_->add(member.line, path_of(member.key), "is not a key that is known here",
                   suggestion(member.key, choices));
  }
}

}  // namespace issu::config
