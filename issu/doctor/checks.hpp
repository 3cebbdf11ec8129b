#pragma once

#include <vector>

#include "issu/doctor/capability.hpp"
#include "issu/doctor/examine.hpp"
#include "issu/doctor/probe.hpp"

namespace issu::doctor {

/// Fills in `present` and `detail` of a capability by a trial: cut by the deadline is `unknown`.
Capability tried(Capability capability, const Trial& trial, const Options& options);

// One function a part of the machine, each in a file of its name.
std::vector<Capability> check_privileges(const Options& options);
std::vector<Capability> check_namespaces(const Options& options);
std::vector<Capability> check_containers(const Options& options);
std::vector<Capability> check_criu(const Options& options);
std::vector<Capability> check_network(const Options& options);
std::vector<Capability> check_npu(const Options& options);
std::vector<Capability> check_storage(const Options& options);
std::vector<Capability> check_hardware(const Options& options);
std::vector<Capability> check_vms(const Options& options);

/// Whether there is room for the machines of two slots, by the text of /proc/meminfo.
Capability memory_for_vms(const std::string& meminfo);

}  // namespace issu::doctor
