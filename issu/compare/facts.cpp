#include "issu/compare/facts.hpp"

#include <fmt/format.h>

#include <algorithm>

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

std::vector<Source> sources_of(const Row& row) {
  struct Runs {
    std::size_t fewest;
    std::size_t most;
  };
  std::vector<Source> sources;
  std::vector<Runs> runs;
  for (const Shape shape : {Shape::container, Shape::machine}) {
    for (const Figure& figure : row.figures) {
      const Side& side = figure.side(shape);
      if (!side.measured()) {
        continue;
      }
      const std::size_t count = std::max<std::size_t>(side.values.size(), 1);
      const auto same = std::find_if(sources.begin(), sources.end(), [&](const Source& one) {
        return one.shape == shape && one.how == side.how && one.evidence == side.evidence;
      });
      if (same == sources.end()) {
        sources.push_back({shape, figure.name, side.how, side.evidence, ""});
        runs.push_back({count, count});
      } else {
        same->figures += "; " + figure.name;
        Runs& known = runs[static_cast<std::size_t>(same - sources.begin())];
        known = {std::min(known.fewest, count), std::max(known.most, count)};
      }
    }
  }
  for (std::size_t n = 0; n < sources.size(); ++n) {
    sources[n].runs = runs[n].fewest == runs[n].most
                          ? std::to_string(runs[n].most)
                          : fmt::format("{} to {}", runs[n].fewest, runs[n].most);
  }
  return sources;
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
