#include "issu/report/html_parts.hpp"

#include <fmt/format.h>

#include "issu/report/html.hpp"

namespace issu::report {
namespace {

/// Length of the UTF-8 character at the beginning, 0 when there is none (RFC 3629).
std::size_t character_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || length > text.size()) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) {
      return 0;
    }
  }
  const bool too_long = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool no_character = (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF4 && byte(1) > 0x8F);
  return too_long || no_character ? 0 : length;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const std::size_t length = character_at(text);
    const char c = text.front();
    const bool control = static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t';
    if (length == 0 || control || c == '\x7f') {
      safe += "\xEF\xBF\xBD";
    } else if (c == '&') {
      safe += "&amp;";
    } else if (c == '<') {
      safe += "&lt;";
    } else if (c == '>') {
      safe += "&gt;";
    } else if (c == '"') {
      safe += "&quot;";
    } else if (c == '\'') {
      safe += "&#39;";
    } else {
      safe += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return safe;
}

std::string as_utf8(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const std::size_t length = character_at(text);
    safe += length == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return safe;
}

std::string html_table(const std::vector<std::string>& head, const std::vector<HtmlRow>& rows,
                       std::size_t numbers) {
  std::string html = "<div class=\"scroll\"><table><thead><tr>";
  const auto right = [numbers](std::size_t column) {
    return column >= numbers ? " class=\"n\"" : "";
  };
  for (std::size_t i = 0; i < head.size(); ++i) {
    html += fmt::format("<th scope=\"col\"{}>{}</th>", right(i), escaped(head[i]));
  }
  html += "</tr></thead><tbody>\n";
  for (const HtmlRow& row : rows) {
    html += row.kind.empty() ? "<tr>" : "<tr class=\"" + escaped(row.kind) + "\">";
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      html += i == 0 ? "<th scope=\"row\">" + escaped(row.cells[i]) + "</th>"
                     : fmt::format("<td{}>{}</td>", right(i), escaped(row.cells[i]));
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string html_facts(const std::vector<std::pair<std::string, std::string>>& facts) {
  std::string html = "<dl>\n";
  for (const auto& [name, value] : facts) {
    html += "<dt>" + escaped(name) + "</dt><dd>" + escaped(value) + "</dd>\n";
  }
  return html + "</dl>\n";
}

std::string html_card(const std::string& name, const std::string& figure, const std::string& below,
                      const std::string& kind) {
  return fmt::format(
      "<div class=\"card {}\"><div class=\"name\">{}</div><div class=\"figure\">{}</div>"
      "<div class=\"below\">{}</div></div>\n",
      escaped(kind), escaped(name), escaped(figure), escaped(below));
}

std::string html_badge(const std::string& word, const std::string& kind) {
  return "<span class=\"badge " + escaped(kind) + "\">" + escaped(word) + "</span>";
}

}  // namespace issu::report
