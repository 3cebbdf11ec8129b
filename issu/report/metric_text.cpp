#include "issu/report/metric_text.hpp"

#include <fmt/format.h>

#include "issu/report/html.hpp"

namespace issu::report {
namespace {

/// A label's value: backslash, quote and end of line are escaped, the rest is UTF-8.
std::string label_value(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '\\' || c == '"') {
      safe += '\\';
      safe += c;
    } else if (c == '\n') {
      safe += "\\n";
    } else {
      safe += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return as_utf8(safe);
}

}  // namespace

void MetricText::family(const std::string& name, const std::string& unit, const std::string& help) {
  name_ = name;
  head_ = "# TYPE " + name + " gauge\n";
  if (!unit.empty()) {
    head_ += "# UNIT " + name + " " + unit + "\n";
  }
  head_ += "# HELP " + name + " " + help + "\n";
}

void MetricText::sample(const MetricLabels& labels, double value) {
  text_ += head_;
  head_.clear();
  std::string list;
  for (const auto& [name, text] : labels) {
    list += (list.empty() ? "" : ",") + name + "=\"" + label_value(text) + "\"";
  }
  text_ += name_ + (list.empty() ? "" : "{" + list + "}") + fmt::format(" {}\n", value);
}

}  // namespace issu::report
