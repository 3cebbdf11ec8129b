#include "issu/image/key_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "issu/base/reasons.hpp"

namespace issu::image {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// Resolves the escapes; false when there is one that the format does not have.
bool unescape(std::string_view text, std::string& value) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      value += text[at];
      continue;
    }
    constexpr std::string_view names = "sntr\\";
    constexpr std::string_view meanings = " \n\t\r\\";
    const auto which = at + 1 < text.size() ? names.find(text[at + 1]) : std::string_view::npos;
    if (which == std::string_view::npos) {
      return false;
    }
    value += meanings[which];
    ++at;
  }
  return true;
}

class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  void line(std::string_view raw, int number) {
    number_ = number;
    if (std::any_of(raw.begin(), raw.end(), [](char byte) {
          return static_cast<unsigned char>(byte) < ' ' && byte != '\t' && byte != '\r';
        })) {
      wrong("a control character");
      return;
    }
    const std::string_view text = trimmed(raw);
    if (text.empty() || text.front() == '#') {
      return;
    }
    if (text.front() == '[') {
      section(text);
    } else {
      key(text);
    }
  }

  Result<KeyFile> take() && {
    ISSU_TRY(std::move(reasons_).result(), "reading the manifest");
    return std::move(file_);
  }

 private:
  void wrong(const std::string& what) {
    reasons_.add(fmt::format("{}:{}: {}", name_, number_, what));
  }

  void section(std::string_view text) {
    if (text.size() < 3 || text.back() != ']') {
      wrong(fmt::format("'{}' is no section: it is written [name]", text));
      return;
    }
    const std::string_view found = text.substr(1, text.size() - 2);
    if (const KeySection* earlier = file_.find(found)) {
      wrong(fmt::format("the section [{}] is there twice, first in line {}", found, earlier->line));
    }
    file_.sections.push_back({std::string(found), number_, {}});
  }

  void key(std::string_view text) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      wrong(fmt::format("'{}' is neither a section nor key=value", text.substr(0, 80)));
      return;
    }
    if (file_.sections.empty()) {
      wrong("a key before the first section");
      return;
    }
    KeyLine found{std::string(trimmed(text.substr(0, equals))), {}, number_};
    if (!unescape(trimmed(text.substr(equals + 1)), found.value)) {
      wrong(fmt::format("the value of {} has an escape that is not one of \\s \\n \\t \\r \\\\",
                        found.key));
    }
    KeySection& section = file_.sections.back();
    if (const KeyLine* earlier = section.find(found.key)) {
      wrong(fmt::format("{} is there twice in [{}], first in line {}", found.key, section.name,
                        earlier->line));
    }
    section.lines.push_back(std::move(found));
  }

  std::string name_;
  int number_ = 0;
  KeyFile file_;
  Reasons reasons_;
};

}  // namespace

const KeyLine* KeySection::find(std::string_view key) const {
  const auto found = std::find_if(lines.begin(), lines.end(),
                                  [&](const KeyLine& each) { return each.key == key; });
  return found == lines.end() ? nullptr : &*found;
}

const KeySection* KeyFile::find(std::string_view name) const {
  const auto found = std::find_if(sections.begin(), sections.end(),
                                  [&](const KeySection& each) { return each.name == name; });
  return found == sections.end() ? nullptr : &*found;
}

Result<KeyFile> read_key_file(std::string_view text, const std::string& name) {
  Reader reader(name);
  int number = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    reader.line(text.substr(0, end), ++number);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::move(reader).take();
}

std::string escape_value(std::string_view value) {
  std::string text;
  for (const char byte : value) {
    switch (byte) {
      case '\n':
        text += "\\n";
        break;
      case '\t':
        text += "\\t";
        break;
      case '\r':
        text += "\\r";
        break;
      case '\\':
        text += "\\\\";
        break;
      case ' ':
        // A space at an end would be trimmed away.
        text += text.empty() ? "\\s" : " ";
        break;
      default:
        text += byte;
    }
  }
  if (!value.empty() && value.back() == ' ' && text.back() == ' ') {
    text.replace(text.size() - 1, 1, "\\s");
  }
  return text;
}

}  // namespace issu::image
