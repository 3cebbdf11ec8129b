#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "issu/drill/document_schema.hpp"
#include "issu/drill/readers.hpp"

namespace issu::drill {
namespace {

using config::StrictTable;
using config::TomlValue;
using nlohmann::json;

const std::vector<std::string> kOperators{"equals",   "not",     "below",  "above",
                                          "at_least", "at_most", "one_of", "contains"};
const std::vector<std::string> kOutcomes{"committed", "rolled-back", "refused", "needs-operator"};

json to_json(const TomlValue& value) {
  switch (value.kind) {
    case TomlValue::Kind::text:
      return value.text;
    case TomlValue::Kind::integer:
      return value.integer;
    case TomlValue::Kind::number:
      return value.number;
    case TomlValue::Kind::boolean:
      return value.boolean;
    case TomlValue::Kind::array: {
      json list = json::array();
      for (const TomlValue& item : value.items) {
        list.push_back(to_json(item));
      }
      return list;
    }
    default:
      return nullptr;
  }
}

bool fits(FieldType type, const json& value) {
  switch (type) {
    case FieldType::text:
      return value.is_string();
    case FieldType::boolean:
      return value.is_boolean();
    case FieldType::number:
      break;
  }
  return value.is_number();
}

const char* type_name(FieldType type) {
  return type == FieldType::text      ? "a text"
         : type == FieldType::boolean ? "true or false"
                                      : "a number";
}

/// Tells a bound that this field can't be held against.
void check_bound(StrictTable& table, const Field& field, const std::string& op, const json& value) {
  const bool ordered = op == "below" || op == "above" || op == "at_least" || op == "at_most";
  if (ordered && field.type != FieldType::number) {
    table.refuse(op, fmt::format("{} is {}: it has no order", field.path, type_name(field.type)),
                 "use equals, not or one_of");
    return;
  }
  if (op == "contains" && (field.type != FieldType::text || field.path == "outcome")) {
    table.refuse(op, fmt::format("{} is not a text for people", field.path), "use equals");
    return;
  }
  const json values = op == "one_of" ? value : json::array({value});
  if (!values.is_array() || values.empty()) {
    table.refuse(op, "is not a list with something in it", "write one_of = [\"a\", \"b\"]");
    return;
  }
  for (const json& each : values) {
    if (!fits(field.type, each)) {
      table.refuse(
          op, fmt::format("{} is {}, never {}", field.path, type_name(field.type), each.dump()),
          "give a value of that type");
    } else if (field.path == "outcome" && std::find(kOutcomes.begin(), kOutcomes.end(),
                                                    each.get<std::string>()) == kOutcomes.end()) {
      table.refuse(op, each.dump() + " is not an outcome",
                   config::suggestion(each.get<std::string>(), kOutcomes));
    }
  }
}

/// One end of what is left for a number; open: the end itself is not in it.
struct End {
  double at;
  bool open = false;

  void tighten(double to, bool excludes, bool upper) {
    if (to == at) {
      open = open || excludes;
    } else if (upper == (to < at)) {
      at = to;
      open = excludes;
    }
  }
};

/// Whether nothing can satisfy all bounds.
bool impossible(const Field& field, const std::vector<Expectation::Bound>& bounds) {
  End least{field.can_be_negative ? std::numeric_limits<double>::lowest() : 0};
  End most{std::numeric_limits<double>::max()};
  std::vector<json> equal;
  std::vector<json> unequal;
  for (const auto& bound : bounds) {
    const json value = json::parse(bound.value);
    if (bound.op == "equals" || bound.op == "not") {
      (bound.op == "not" ? unequal : equal).push_back(value);
    }
    if (!value.is_number() || bound.op == "not") {
      continue;
    }
    const bool excludes = bound.op == "below" || bound.op == "above";
    if (bound.op != "above" && bound.op != "at_least") {
      most.tighten(value.get<double>(), excludes, true);
    }
    if (bound.op != "below" && bound.op != "at_most") {
      least.tighten(value.get<double>(), excludes, false);
    }
  }
  const bool clash = std::any_of(equal.begin(), equal.end(), [&](const json& value) {
    return std::find(unequal.begin(), unequal.end(), value) != unequal.end();
  });
  return clash || least.at > most.at || (least.at == most.at && (least.open || most.open));
}

void collect_names(const std::vector<Step>& steps, std::vector<std::string>& names) {
  for (const Step& step : steps) {
    const bool yields = std::holds_alternative<UpgradeStep>(step.what) ||
                        std::holds_alternative<WalkStep>(step.what) ||
                        std::holds_alternative<SoakStep>(step.what);
    const auto* command = std::get_if<CommandStep>(&step.what);
    if (yields || command != nullptr) {
      names.push_back(step.name);
    }
    if (const auto* repeat = std::get_if<RepeatStep>(&step.what)) {
      collect_names(repeat->steps, names);
    }
  }
}

Expectation read_one(StrictTable& table, const std::vector<std::string>& steps) {
  Expectation expectation;
  expectation.path = dotted(table.required_text("path"));
  const Field* field = field_of(expectation.path);
  if (field == nullptr && !expectation.path.empty()) {
    std::vector<std::string> known;
    for (const Field& each : result_fields()) {
      known.emplace_back(each.path);
    }
    const std::string near = config::closest(generic(expectation.path), known);
    table.refuse(
        "path", "\"" + expectation.path + "\" is not a field of a result document",
        near.empty() ? "docs/drills.md lists the fields" : "did you mean \"" + near + "\"?");
  }
  for (const std::string& op : kOperators) {
    if (const TomlValue* value = table.value(op); value != nullptr) {
      const json wanted = to_json(*value);
      if (field != nullptr) {
        check_bound(table, *field, op, wanted);
      }
      expectation.bounds.push_back({op, wanted.dump()});
    }
  }
  if (expectation.bounds.empty()) {
    table.refuse("", "says no bound", fmt::format("add one of: {}", fmt::join(kOperators, ", ")));
  } else if (field != nullptr && impossible(*field, expectation.bounds)) {
    table.refuse("path", "nothing can meet these bounds of " + expectation.path,
                 "loosen one of them");
  }
  std::string words;
  for (const auto& bound : expectation.bounds) {
    words += " " + bound.op + " " + bound.value;
  }
  expectation.what = table.text("what", expectation.path + words);
  expectation.upgrades = table.choice("step", steps, "");
  table.finish();
  return expectation;
}

}  // namespace

void read_expectations(StrictTable& document, Scenario& scenario) {
  std::vector<std::string> steps;
  collect_names(scenario.steps, steps);
  for (StrictTable& table : document.tables("expect")) {
    scenario.expectations.push_back(read_one(table, steps));
  }
}

}  // namespace issu::drill
