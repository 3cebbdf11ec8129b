#include "issu/doctor/examine.hpp"

#include <algorithm>
#include <iterator>

#include "issu/doctor/checks.hpp"

namespace issu::doctor {

Capability tried(Capability capability, const Trial& trial, const Options& options) {
  auto outcome = probe(trial, options.deadline);
  if (outcome) {
    capability.present = Present::yes;
    capability.detail = std::move(*outcome);
    return capability;
  }
  capability.present =
      outcome.error().kind() == ErrorKind::timeout ? Present::unknown : Present::no;
  capability.detail = outcome.error().what();
  std::replace(capability.detail.begin(), capability.detail.end(), '\n', ' ');
  return capability;
}

std::vector<Capability> examine(const Options& options) {
  std::vector<Capability> all;
  for (const auto check : {check_privileges, check_namespaces, check_containers, check_criu,
                           check_network, check_npu, check_storage, check_hardware, check_vms}) {
    auto part = check(options);
    std::move(part.begin(), part.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace issu::doctor
