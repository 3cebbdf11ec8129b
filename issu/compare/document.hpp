#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "issu/report/setting.hpp"

/// The study: containers against virtual machines for a router, each figure out of a run.
namespace issu::compare {

/// What a router runs in.
enum class Shape { container, machine };

[[nodiscard]] const char* name_of(Shape shape);  ///< "containers", "vms"

/// One figure of one shape: a number, or words, or neither with the reason. Never 0 for what was
/// not measured.
struct Side {
  std::optional<double> value;
  std::string text;            ///< in place of a number, or beside it
  std::string why_not;         ///< neither value nor text
  std::vector<double> values;  ///< of each run; `value` is their median
  std::string how;             ///< what was done and read
  std::string evidence;        ///< a file of the evidence folder, or a path
  std::string accelerator;  ///< of a virtual machine that took part: "tcg", "kvm"; empty: none did
  bool extrapolated = false;  ///< worked out from a smaller run, not reached

  [[nodiscard]] bool measured() const { return value.has_value() || !text.empty(); }
};

[[nodiscard]] Side not_measured(std::string why);
/// Words that a run answered.
[[nodiscard]] Side said(std::string text, std::string how);
/// The median of what runs gave; no run at all is not measured, by the reason given.
[[nodiscard]] Side median(std::vector<double> values, std::string how, const std::string& why_not);

/// How much of it virtual machines have for each one that containers have.
struct Ratio {
  std::optional<double> vms_to_containers;
  std::string why_not;
};

/// One line of a row.
struct Figure {
  std::string name;
  std::string unit;  ///< "bytes", "s", "ms", "packets", "instances"; empty: words
  Side containers;
  Side vms;

  [[nodiscard]] Side& side(Shape shape) { return shape == Shape::container ? containers : vms; }
  [[nodiscard]] const Side& side(Shape shape) const {
    return shape == Shape::container ? containers : vms;
  }
};

/// No ratio of words, of what was not measured, or to a zero: the reason is told.
[[nodiscard]] Ratio ratio_of(const Figure& figure);

/// A published claim and what was measured of it here.
struct Row {
  std::string id;
  std::string title;
  std::string claim;      ///< in our words
  std::string reference;  ///< who published it
  std::vector<Figure> figures;
  std::vector<std::string> notes;  ///< what has to be known to read the figures
  double seconds = 0;              ///< that it took
  bool asked = true;               ///< false: left out by --only
};

/// The whole study.
struct Comparison {
  std::string started;  ///< ISO time
  double seconds = 0;
  double limit_minutes = 0;
  unsigned runs = 0;                                        ///< wanted of each measurement
  std::set<Shape> sides{Shape::container, Shape::machine};  ///< that were asked for
  report::Device device;
  std::vector<std::pair<std::string, std::string>> subject;  ///< what was the same on both sides
  std::string evidence;                                      ///< folder, absolute
  std::vector<Row> rows;

  /// Whether every row that was asked for has a figure on each side that was.
  [[nodiscard]] bool complete() const;
};

/// The published form: docs/schema/compare.schema.json.
[[nodiscard]] nlohmann::ordered_json to_json(const Comparison& comparison);

/// A number with its unit as people read it: "12.3 MiB", "1.50 s".
[[nodiscard]] std::string shown(double value, const std::string& unit);

/// A side for people: figure with its spread, words, or "not measured: why".
[[nodiscard]] std::string shown(const Side& side, const std::string& unit);
[[nodiscard]] std::string shown(const Ratio& ratio);

/// For people; both are made of the same document.
[[nodiscard]] std::string to_markdown(const Comparison& comparison);
[[nodiscard]] std::string to_html(const Comparison& comparison);

}  // namespace issu::compare
