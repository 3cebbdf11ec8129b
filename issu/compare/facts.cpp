#include "issu/compare/facts.hpp"

#include <fmt/format.h>

namespace issu::compare {
namespace {

std::string or_unknown(const std::string& text) {
  return text.empty() ? "not known" : text;
}

}  // namespace

std::string under(const Side& side) {
  if (side.accelerator.empty() || !side.measured()) {
    return "";
  }
  return side.accelerator == "tcg" ? ", under TCG" : ", under " + side.accelerator;
}

std::vector<std::pair<std::string, std::string>> facts_of(const Comparison& comparison) {
  const report::Device& device = comparison.device;
  std::vector<std::pair<std::string, std::string>> facts{
      {"began", comparison.started},
      {"took",
       fmt::format("{:.0f} s of {:g} min allowed", comparison.seconds, comparison.limit_minutes)},
      {"machine",
       fmt::format("{}{}, {} processors, {}", device.model.empty() ? "" : device.model + ", ",
                   or_unknown(device.cpu), device.cpus ? std::to_string(*device.cpus) : "unknown",
                   device.memory_bytes ? shown(static_cast<double>(*device.memory_bytes), "bytes")
                                       : "memory not known")},
      {"is itself virtual", device.hypervisor.empty() ? "no, or not known" : device.hypervisor},
      {"host", or_unknown(device.os) + ", " + or_unknown(device.kernel)},
  };
  facts.insert(facts.end(), comparison.subject.begin(), comparison.subject.end());
  facts.emplace_back("evidence", or_unknown(comparison.evidence));
  return facts;
}

}  // namespace issu::compare
