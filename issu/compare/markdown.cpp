#include <fmt/format.h>

#include "issu/compare/document.hpp"
#include "issu/compare/facts.hpp"
#include "issu/report/html.hpp"

namespace issu::compare {
namespace {

/// A text as it may stand in a cell of a table.
std::string cell(const std::string& text) {
  std::string safe;
  for (const char c : report::as_utf8(text)) {
    if (c == '|') {
      safe += "\\|";
    } else if (c == '\n' || c == '\r' || c == '\t') {
      safe += ' ';
    } else if (c == '<') {
      safe += "&lt;";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string line(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (const std::string& each : cells) {
    text += " " + cell(each) + " |";
  }
  return text + "\n";
}

std::string table_of(const Row& row) {
  std::string text =
      line({"", "containers", "virtual machines", "VMs : containers"}) + "|---|---|---|---|\n";
  for (const Figure& figure : row.figures) {
    text += line({figure.name, shown(figure.containers, figure.unit) + under(figure.containers),
                  shown(figure.vms, figure.unit) + under(figure.vms), shown(ratio_of(figure))});
  }
  return text;
}

std::string measured(const Row& row) {
  std::string text;
  for (const Source& source : sources_of(row)) {
    text += fmt::format("- {}, {}: {} (runs: {}{})\n", name_of(source.shape), cell(source.figures),
                        cell(source.how), source.runs,
                        source.evidence.empty() ? "" : "; `" + cell(source.evidence) + "`");
  }
  return text.empty() ? "" : "\nHow it was measured:\n" + text;
}

std::string row_text(const Row& row) {
  std::string text =
      fmt::format("\n## {}\n\nClaim: {} ({})\n\n", row.title, cell(row.claim), cell(row.reference));
  text += table_of(row);
  for (const std::string& note : row.notes) {
    text += "\n" + cell(note) + "\n";
  }
  return text + measured(row);
}

}  // namespace

std::string to_markdown(const Comparison& comparison) {
  std::string text = "# Containers against virtual machines, measured\n\n";
  for (const auto& [name, value] : facts_of(comparison)) {
    text += fmt::format("- {}: {}\n", cell(name), cell(value));
  }
  text += "\n" + std::string(reading_aid) + "\n";
  std::string left_out;
  for (const Row& row : comparison.rows) {
    if (row.asked) {
      text += row_text(row);
    } else {
      left_out += (left_out.empty() ? "" : ", ") + row.id;
    }
  }
  if (!left_out.empty()) {
    text += "\nNot asked for: " + left_out + ".\n";
  }
  return text;
}

}  // namespace issu::compare
