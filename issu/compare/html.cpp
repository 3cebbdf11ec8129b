#include <fmt/format.h>

#include <algorithm>

#include "issu/compare/document.hpp"
#include "issu/compare/facts.hpp"
#include "issu/report/html.hpp"
#include "issu/report/html_parts.hpp"

namespace issu::compare {
namespace {

using report::escaped;

/// A row's first figure stands for it at the head of the page, where it has a ratio.
const Figure* headline(const Row& row) {
  const bool has = !row.figures.empty() && ratio_of(row.figures.front()).vms_to_containers;
  return has ? &row.figures.front() : nullptr;
}

std::string cards(const Comparison& comparison) {
  std::string html;
  for (const Row& row : comparison.rows) {
    const Figure* figure = row.asked ? headline(row) : nullptr;
    if (figure == nullptr) {
      continue;
    }
    html += report::html_card(
        row.title + ": " + figure->name, fmt::format("1 : {}", shown(ratio_of(*figure))),
        fmt::format("{}{} : {}{}", shown(*figure->containers.value, figure->unit),
                    under(figure->containers), shown(*figure->vms.value, figure->unit),
                    under(figure->vms)),
        "");
  }
  return html.empty() ? "" : "<div class=\"cards\">\n" + html + "</div>\n";
}

/// Two bars of one scale, the longer one over the whole width: only where both are numbers.
std::string bars(const Figure& figure) {
  if (!figure.containers.value || !figure.vms.value) {
    return "";
  }
  const double most = std::max(*figure.containers.value, *figure.vms.value);
  if (most <= 0) {
    return "";
  }
  std::string svg;
  double y = 4;
  for (const Shape shape : {Shape::container, Shape::machine}) {
    const double width = 560 * *figure.side(shape).value / most;
    svg += fmt::format(
        "<text class=\"s e\" x=\"118\" y=\"{}\">{}</text><rect class=\"{}\" x=\"126\" y=\"{}\" "
        "width=\"{:.1f}\" height=\"13\"/><text x=\"{:.1f}\" y=\"{}\">{}</text>\n",
        y + 11, shape == Shape::container ? "containers" : "VMs",
        shape == Shape::container ? "up" : "recv", y, std::max(width, 1.0), 134 + width, y + 11,
        escaped(shown(*figure.side(shape).value, figure.unit)));
    y += 19;
  }
  return fmt::format(
      "<figure><svg viewBox=\"0 0 860 44\" role=\"img\" aria-label=\"{0}\">\n{1}</svg>"
      "<figcaption>{0}</figcaption></figure>\n",
      escaped(figure.name), svg);
}

std::string figures(const Row& row) {
  std::vector<report::HtmlRow> rows;
  for (const Figure& figure : row.figures) {
    const bool both = figure.containers.measured() && figure.vms.measured();
    rows.push_back({{figure.name, shown(figure.containers, figure.unit) + under(figure.containers),
                     shown(figure.vms, figure.unit) + under(figure.vms), shown(ratio_of(figure))},
                    both ? "" : "unknown"});
  }
  return report::html_table({"", "containers", "virtual machines", "VMs : containers"}, rows, 4);
}

std::string sources(const Row& row) {
  std::vector<report::HtmlRow> rows;
  for (const Source& source : sources_of(row)) {
    rows.push_back({{name_of(source.shape), source.figures, source.how,
                     source.evidence.empty() ? "–" : source.evidence, source.runs}});
  }
  return rows.empty()
             ? ""
             : "<details><summary>How it was measured</summary>\n" +
                   report::html_table({"side", "figures", "how", "evidence", "runs"}, rows, 4) +
                   "</details>\n";
}

std::string section(const Row& row) {
  std::string html =
      fmt::format("<h2 id=\"{}\">{}</h2>\n<p>{} <span class=\"soft\">({})</span></p>\n",
                  escaped(row.id), escaped(row.title), escaped(row.claim), escaped(row.reference));
  html += figures(row);
  if (const Figure* figure = headline(row)) {
    html += bars(*figure);
  }
  for (const std::string& note : row.notes) {
    html += "<div class=\"note\">" + escaped(note) + "</div>\n";
  }
  return html + sources(row);
}

}  // namespace

std::string to_html(const Comparison& comparison) {
  std::string body = "<h1>Containers against virtual machines, measured " +
                     report::html_badge(comparison.complete() ? "complete" : "not complete",
                                        comparison.complete() ? "good" : "warn") +
                     "</h1>\n<p class=\"soft\">" + escaped(reading_aid) + "</p>\n";
  body += cards(comparison) + report::html_facts(facts_of(comparison));
  std::string left_out;
  for (const Row& row : comparison.rows) {
    if (row.asked) {
      body += section(row);
    } else {
      left_out += (left_out.empty() ? "" : ", ") + row.title;
    }
  }
  if (!left_out.empty()) {
    body += "<p class=\"soft\">Not asked for: " + escaped(left_out) + ".</p>\n";
  }
  return report::html_page("Containers against virtual machines", body);
}

}  // namespace issu::compare
