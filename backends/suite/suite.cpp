#include "backends/suite/suite.hpp"

namespace issu::backends {

HasProgram programs_below(std::filesystem::path rootfs) {
  return [rootfs = std::move(rootfs)](const std::string& path) {
    std::error_code ignored;
    return std::filesystem::exists(rootfs / path.substr(path.find_first_not_of('/')), ignored);
  };
}

const Suite* find_suite(std::string_view name) {
  for (const Suite* suite : {&frr_suite, &bird_suite}) {
    if (suite->name == name) {
      return suite;
    }
  }
  return nullptr;
}

}  // namespace issu::backends
