#include "issu/doctor/capability.hpp"

#include <algorithm>
#include <set>

namespace issu::doctor {

const char* name_of(Present present) {
  switch (present) {
    case Present::yes:
      return "yes";
    case Present::no:
      return "no";
    case Present::unknown:
      break;
  }
  return "unknown";
}

std::vector<Capability> lacking(const std::vector<Capability>& capabilities,
                                std::string_view user) {
  std::vector<Capability> missing;
  for (const Capability& capability : capabilities) {
    const auto& by = capability.needed_by;
    if (capability.present != Present::yes && std::find(by.begin(), by.end(), user) != by.end()) {
      missing.push_back(capability);
    }
  }
  return missing;
}

bool can_run(const std::vector<Capability>& capabilities, std::string_view user) {
  const auto known = users(capabilities);
  return std::find(known.begin(), known.end(), user) != known.end() &&
         lacking(capabilities, user).empty();
}

bool ready(const std::vector<Capability>& capabilities, const std::vector<std::string>& judged) {
  return std::all_of(judged.begin(), judged.end(),
                     [&](const std::string& user) { return can_run(capabilities, user); });
}

std::vector<std::string> users(const std::vector<Capability>& capabilities) {
  std::set<std::string> all;
  for (const Capability& capability : capabilities) {
    all.insert(capability.needed_by.begin(), capability.needed_by.end());
  }
  return {all.begin(), all.end()};
}

}  // namespace issu::doctor
