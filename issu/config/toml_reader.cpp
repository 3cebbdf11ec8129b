#include "issu/config/toml_reader.hpp"

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
// Where `[!` begins a table an assertion of toml++ 3.3 ends the program; without it the parser goes
// on and says what is wrong with the line, as in builds with NDEBUG.
#define TOML_ASSERT(expr) static_assert(true)
#include <toml++/toml.h>

#include <algorithm>
#include <utility>

#include "issu/base/file.hpp"

namespace issu::config {
namespace {

constexpr std::size_t kLongestLine = 4096;
constexpr std::uintmax_t kLargestFile = 1U << 20U;

TomlValue convert(const toml::node& node);

void convert_members(const toml::table& table, std::vector<TomlMember>& members) {
  for (auto&& [key, value] : table) {
    members.push_back(
        {std::string(key.str()), static_cast<unsigned>(key.source().begin.line), convert(value)});
  }
  // toml++ keeps keys sorted by name; a reader expects the order of the file.
  std::stable_sort(members.begin(), members.end(),
                   [](const TomlMember& a, const TomlMember& b) { return a.line < b.line; });
}

TomlValue convert(const toml::node& node) {
  TomlValue value;
  value.line = static_cast<unsigned>(node.source().begin.line);
  if (const auto* text = node.as_string()) {
    value.kind = TomlValue::Kind::text;
    value.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    value.kind = TomlValue::Kind::integer;
    value.integer = integer->get();
    value.number = static_cast<double>(integer->get());
  } else if (const auto* number = node.as_floating_point()) {
    value.kind = TomlValue::Kind::number;
    value.number = number->get();
  } else if (const auto* boolean = node.as_boolean()) {
    value.kind = TomlValue::Kind::boolean;
    value.boolean = boolean->get();
  } else if (const auto* array = node.as_array()) {
    value.kind = TomlValue::Kind::array;
    for (const toml::node& item : *array) {
      value.items.push_back(convert(item));
    }
  } else if (const auto* table = node.as_table()) {
    value.kind = TomlValue::Kind::table;
    convert_members(*table, value.members);
  }
  return value;
}

/// Deeply nested dotted keys would be taken apart by recursion: a line's length bounds the depth.
unsigned first_long_line(std::string_view text) {
  unsigned line = 1;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (std::min(end, text.size()) > kLongestLine) {
      return line;
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++line;
  }
  return 0;
}

/// The first line that has anything but ASCII outside of its strings and comments; 0: none has.
/// TOML has no place for it, and toml++ 3.3 reaches there what it takes for unreachable.
unsigned first_strange_line(std::string_view text) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  if (text.starts_with(mark)) {
    text.remove_prefix(mark.size());
  }
  unsigned line = 1;
  std::string_view within;  // the quotes of the string that it is in, "#" in a comment
  for (std::size_t at = 0; at < text.size();) {
    const char byte = text[at];
    const bool in_text = !within.empty() && within != "#";
    if (byte == '\n') {
      ++line;
      within = within.size() == 3 ? within : std::string_view();
      ++at;
    } else if (in_text && byte == '\\' && within.front() == '"') {
      at += at + 1 < text.size() && text[at + 1] != '\n' ? 2 : 1;
    } else if (in_text && text.substr(at).starts_with(within)) {
      at += within.size();
      // Up to two quotes more belong to the string that ends here.
      for (int more = within.size() == 3 ? 2 : 0; more > 0 && at < text.size() && text[at] == byte;
           --more) {
        ++at;
      }
      within = {};
    } else if (within.empty() && byte == '#') {
      within = "#";
      ++at;
    } else if (within.empty() && (byte == '"' || byte == '\'')) {
      const std::string_view three = byte == '"' ? R"(""")" : "'''";
      within = three.substr(0, text.substr(at).starts_with(three) ? 3 : 1);
      at += within.size();
    } else if (within.empty() && static_cast<unsigned char>(byte) >= 0x80) {
      return line;
    } else {
      ++at;
    }
  }
  return 0;
}

}  // namespace

std::string TomlValue::kind_name() const {
  switch (kind) {
    case Kind::text:
      return "a text";
    case Kind::integer:
      return "a whole number";
    case Kind::number:
      return "a number with a fraction";
    case Kind::boolean:
      return "true or false";
    case Kind::array:
      return "a list";
    case Kind::table:
      return "a table";
    case Kind::other:
      break;
  }
  return "a date or a time";
}

const TomlMember* TomlValue::find(std::string_view key) const {
  for (const TomlMember& member : members) {
    if (member.key == key) {
      return &member;
    }
  }
  return nullptr;
}

Result<TomlValue> parse_toml(std::string_view text, const std::string& name) {
  if (const unsigned line = first_long_line(text); line != 0) {
    return fail(name + ":" + std::to_string(line) + ": the line is longer than " +
                    std::to_string(kLongestLine) + " bytes",
                "break the list over several lines", ErrorKind::refused);
  }
  if (const unsigned line = first_strange_line(text); line != 0) {
    return fail(name + ":" + std::to_string(line) +
                    ": not TOML: a character that stands in texts and comments only",
                "put it between quotes", ErrorKind::refused);
  }
  const toml::parse_result parsed = toml::parse(text, name);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return fail(name + ":" + std::to_string(error.source().begin.line) +
                    ": not TOML: " + std::string(error.description()),
                "correct the line", ErrorKind::refused);
  }
  TomlValue document;
  document.kind = TomlValue::Kind::table;
  convert_members(parsed.table(), document.members);
  return document;
}

Result<TomlValue> read_toml(const std::filesystem::path& file) {
  auto text = issu::read_file(file, kLargestFile);
  if (!text) {
    return fail(std::move(text).error().as(ErrorKind::refused));
  }
  return parse_toml(*text, file.string());
}

}  // namespace issu::config
