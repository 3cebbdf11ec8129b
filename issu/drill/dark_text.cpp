#include "issu/drill/dark_text.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "issu/drill/outcome.hpp"

namespace issu::drill {
namespace {

using nlohmann::json;

/// "dark for 21270 ms: old daemons fenced 723.4 ms, …"; empty where there is nothing to tell.
std::string spell_text(const json& plane, const char* what, const char* time, const char* parts) {
  if (!plane.contains(time) || !plane[time].is_number() || !plane.contains(parts) ||
      !plane[parts].is_array() || plane[parts].empty()) {
    return {};
  }
  return fmt::format("{} for {:.0f} ms: {}", what, plane[time].get<double>(),
                     parts_text(plane[parts]));
}

}  // namespace

std::string parts_text(const json& parts) {
  std::string text;
  for (const json& part : parts) {
    text += text.empty() ? "" : ", ";
    text += part.value("name", "") + fmt::format(" {:.1f} ms", part.value("ms", 0.0));
  }
  return text;
}

std::string dark_text(const std::vector<UpgradeRun>& upgrades) {
  std::string text;
  for (const UpgradeRun& upgrade : upgrades) {
    const json document = json::parse(upgrade.document, nullptr, false);
    const json plane =
        document.is_object() ? document.value("control_plane", json::object()) : json::object();
    for (const std::string& spell :
         {spell_text(plane, "control plane dark", "dark_ms", "parts"),
          spell_text(plane, "daemons frozen", "frozen_ms", "frozen_parts")}) {
      if (!spell.empty()) {
        text += fmt::format("  {}: {}\n", upgrade.step, spell);
      }
    }
  }
  return text.empty() ? text : "\n" + text;
}

}  // namespace issu::drill
