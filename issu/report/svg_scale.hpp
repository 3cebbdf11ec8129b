#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace issu::report {

/// Where a time lies in the picture.
struct TimeScale {
  double left = 0;   ///< x of 0 s
  double width = 1;  ///< of the whole time
  double end_s = 1;

  [[nodiscard]] double x(double seconds) const;
  /// Times for the axis, evenly spaced, at most 11.
  [[nodiscard]] std::vector<double> ticks() const;
};

/// A number as SVG has it: one decimal, never in the words of a locale.
[[nodiscard]] std::string svg_number(double number);

/// `kind` is the element's class; a `title` is what a pointer that rests on it is told.
[[nodiscard]] std::string svg_box(double x, double y, double width, double height,
                                  std::string_view kind, const std::string& title);
[[nodiscard]] std::string svg_text(double x, double y, std::string_view kind,
                                   const std::string& text);
[[nodiscard]] std::string svg_line(double x1, double y1, double x2, double y2,
                                   std::string_view kind);

}  // namespace issu::report
