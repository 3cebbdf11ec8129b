#include "issu/compare/document.hpp"

#include <algorithm>
#include <utility>

#include "issu/report/ledger/statistics.hpp"

namespace issu::compare {
namespace {

using Json = nlohmann::ordered_json;

Json known(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json side_json(const Side& side) {
  Json json{{"measured", side.measured()},
            {"value", side.value ? Json(*side.value) : Json(nullptr)},
            {"text", known(side.text)}};
  if (!side.measured()) {
    json["why_not"] = side.why_not.empty() ? "of no reason that is told" : side.why_not;
  }
  json["runs"] = side.values.size();
  json["values"] = side.values;
  json["extrapolated"] = side.extrapolated;
  json["accelerator"] = known(side.accelerator);
  json["how"] = known(side.how);
  json["evidence"] = known(side.evidence);
  return json;
}

Json figure_json(const Figure& figure) {
  const Ratio ratio = ratio_of(figure);
  Json json{{"name", figure.name},
            {"unit", known(figure.unit)},
            {"containers", side_json(figure.containers)},
            {"vms", side_json(figure.vms)},
            {"ratio", ratio.vms_to_containers ? Json(*ratio.vms_to_containers) : Json(nullptr)}};
  if (!ratio.vms_to_containers) {
    json["no_ratio"] = ratio.why_not;
  }
  return json;
}

Json row_json(const Row& row) {
  Json json{{"id", row.id},
            {"title", row.title},
            {"claim", {{"text", row.claim}, {"reference", row.reference}}},
            {"asked", row.asked},
            {"seconds", row.seconds},
            {"figures", Json::array()},
            {"notes", row.notes}};
  for (const Figure& figure : row.figures) {
    json["figures"].push_back(figure_json(figure));
  }
  return json;
}

Json machine_json(const report::Device& device) {
  const auto number = [](const std::optional<std::uint64_t>& value) {
    return value ? Json(*value) : Json(nullptr);
  };
  return {{"model", known(device.model)},
          {"cpu", known(device.cpu)},
          {"cpus", number(device.cpus)},
          {"memory_bytes", number(device.memory_bytes)},
          {"hypervisor", known(device.hypervisor)},
          {"os", known(device.os)},
          {"kernel", known(device.kernel)}};
}

bool any_measured(const Row& row, Shape shape) {
  return std::any_of(row.figures.begin(), row.figures.end(),
                     [&](const Figure& figure) { return figure.side(shape).measured(); });
}

}  // namespace

const char* name_of(Shape shape) {
  return shape == Shape::container ? "containers" : "vms";
}

Side not_measured(std::string why) {
  Side side;
  side.why_not = std::move(why);
  return side;
}

Side said(std::string text, std::string how) {
  Side side;
  side.text = std::move(text);
  side.how = std::move(how);
  return side;
}

Side median(std::vector<double> values, std::string how, const std::string& why_not) {
  if (values.empty()) {
    return not_measured(why_not);
  }
  Side side;
  side.value = ledger::median_of(values);
  side.values = std::move(values);
  side.how = std::move(how);
  return side;
}

Ratio ratio_of(const Figure& figure) {
  if (!figure.containers.measured() || !figure.vms.measured()) {
    return {std::nullopt, "one side was not measured"};
  }
  if (!figure.containers.value || !figure.vms.value) {
    return {std::nullopt, "words have none"};
  }
  if (*figure.containers.value == 0) {
    return {std::nullopt, *figure.vms.value == 0 ? "both are 0" : "the containers' figure is 0"};
  }
  return {*figure.vms.value / *figure.containers.value, ""};
}

bool Comparison::complete() const {
  return std::all_of(rows.begin(), rows.end(), [this](const Row& row) {
    return !row.asked || std::all_of(sides.begin(), sides.end(),
                                     [&](Shape shape) { return any_measured(row, shape); });
  });
}

Json to_json(const Comparison& comparison) {
  Json json{{"study", "containers against virtual machines"},
            {"started", comparison.started},
            {"seconds", comparison.seconds},
            {"limit_minutes", comparison.limit_minutes},
            {"runs", comparison.runs},
            {"sides", Json::array()},
            {"complete", comparison.complete()},
            {"machine", machine_json(comparison.device)},
            {"subject", Json::object()},
            {"evidence", known(comparison.evidence)},
            {"rows", Json::array()}};
  for (const Shape shape : comparison.sides) {
    json["sides"].push_back(name_of(shape));
  }
  for (const auto& [name, value] : comparison.subject) {
    json["subject"][name] = value;
  }
  for (const Row& row : comparison.rows) {
    json["rows"].push_back(row_json(row));
  }
  return json;
}

}  // namespace issu::compare
