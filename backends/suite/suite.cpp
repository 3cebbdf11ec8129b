#include "backends/suite/suite.hpp"

namespace issu::backends {

const Suite* find_suite(std::string_view name) {
  for (const Suite* suite : {&frr_suite, &bird_suite}) {
    if (suite->name == name) {
      return suite;
    }
  }
  return nullptr;
}

}  // namespace issu::backends
