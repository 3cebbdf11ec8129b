#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "issu/doctor/capability.hpp"

namespace issu::doctor {
namespace {

std::string joined(const std::vector<std::string>& words) {
  return words.empty() ? "nothing" : fmt::format("{}", fmt::join(words, ", "));
}

const char* mark(const Capability& capability) {
  switch (capability.present) {
    case Present::yes:
      return "ok     ";
    case Present::no:
      return capability.needed_by.empty() ? "absent " : "MISSING";
    case Present::unknown:
      break;
  }
  return "unknown";
}

std::string entry(const Capability& capability, std::size_t width) {
  std::string text =
      fmt::format("{}  {:<{}}  {}\n", mark(capability), capability.name, width, capability.detail);
  if (capability.present == Present::yes) {
    return text;
  }
  text += fmt::format("         for {}; without it {}\n", capability.needed_for,
                      capability.needed_by.empty() ? "everything else can run"
                                                   : joined(capability.needed_by) + " can't run");
  if (!capability.how_to_get.empty()) {
    text += fmt::format("         -> {}\n", capability.how_to_get);
  }
  return text;
}

}  // namespace

std::string as_text(const std::vector<Capability>& capabilities,
                    const std::vector<std::string>& judged) {
  std::size_t width = 0;
  for (const Capability& capability : capabilities) {
    width = std::max(width, capability.name.size());
  }
  std::string text;
  for (const Capability& capability : capabilities) {
    text += entry(capability, width);
  }
  text += "\n";
  for (const std::string& user : users(capabilities)) {
    const auto missing = lacking(capabilities, user);
    std::vector<std::string> names;
    for (const Capability& capability : missing) {
      names.push_back(capability.name);
    }
    text += fmt::format("{:<10} {}\n", user,
                        names.empty() ? "can run" : "can't run; lacks " + joined(names));
  }
  text += fmt::format("\n{} for {}\n", ready(capabilities, judged) ? "ready" : "NOT ready",
                      joined(judged));
  return text;
}

std::string as_json(const std::vector<Capability>& capabilities,
                    const std::vector<std::string>& judged) {
  nlohmann::ordered_json json{{"ready", ready(capabilities, judged)}, {"judged", judged}};
  json["can_run"] = nlohmann::ordered_json::object();
  for (const std::string& user : users(capabilities)) {
    json["can_run"][user] = can_run(capabilities, user);
  }
  json["capabilities"] = nlohmann::ordered_json::array();
  for (const Capability& capability : capabilities) {
    json["capabilities"].push_back({{"id", capability.id},
                                    {"name", capability.name},
                                    {"present", name_of(capability.present)},
                                    {"detail", capability.detail},
                                    {"needed_for", capability.needed_for},
                                    {"how_to_get", capability.how_to_get},
                                    {"needed_by", capability.needed_by}});
  }
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace issu::doctor
