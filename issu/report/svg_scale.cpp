#include "issu/report/svg_scale.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "issu/report/html.hpp"

namespace issu::report {

double TimeScale::x(double seconds) const {
  return left + width * std::clamp(seconds / end_s, 0.0, 1.0);
}

std::vector<double> TimeScale::ticks() const {
  double step = std::pow(10, std::floor(std::log10(end_s / 10)));
  for (const double factor : {2.0, 2.5, 2.0}) {  // 1, 2, 5, 10
    if (end_s / step > 10) {
      step *= factor;
    }
  }
  std::vector<double> all;
  for (int i = 0; i <= static_cast<int>(end_s / step); ++i) {
    all.push_back(i * step);
  }
  return all;
}

std::string svg_number(double number) {
  return fmt::format("{:.1f}", std::isfinite(number) ? number : 0.0);
}

std::string svg_box(double x, double y, double width, double height, std::string_view kind,
                    const std::string& title) {
  const std::string box =
      fmt::format("<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", kind,
                  svg_number(x), svg_number(y), svg_number(width), svg_number(height));
  return title.empty() ? box + "/>\n" : box + "><title>" + escaped(title) + "</title></rect>\n";
}

std::string svg_text(double x, double y, std::string_view kind, const std::string& text) {
  return fmt::format("<text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>\n", kind, svg_number(x),
                     svg_number(y), escaped(text));
}

std::string svg_line(double x1, double y1, double x2, double y2, std::string_view kind) {
  return fmt::format("<line class=\"{}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>\n", kind,
                     svg_number(x1), svg_number(y1), svg_number(x2), svg_number(y2));
}

}  // namespace issu::report
