#pragma once

#include <filesystem>

#include "issu/config/router_config.hpp"
#include "issu/config/strict_table.hpp"

namespace issu::config {

/// Each fills its part of the configuration from its section and tells what is wrong with it.
/// Relative paths are taken from `folder`, the folder of router.toml.
void read_router_section(StrictTable& document, const std::filesystem::path& folder,
                         RouterConfig& config, Purpose purpose);
void read_images_section(StrictTable& document, const std::filesystem::path& folder,
                         RouterConfig& config, Purpose purpose);
/// `[npu]`, behind the router and its ports, which it looks at.
void read_npu_section(StrictTable& document, RouterConfig& config);
/// `[vm]`, behind the router and its NPU, which it looks at.
void read_vm_section(StrictTable& document, RouterConfig& config);
/// `[[port]]`; an address that stands twice is told at its second place.
void read_ports(StrictTable& document, RouterConfig& config);
/// `[archive]`, behind the router.
void read_archive_section(StrictTable& document, const std::filesystem::path& folder,
                          RouterConfig& config);
/// `[[probe]]`
void read_probes(StrictTable& document, RouterConfig& config);
/// `[[peer]]`
void read_peers(StrictTable& document, const std::filesystem::path& folder, RouterConfig& config);
void read_echoes(StrictTable& document, RouterConfig& config);
/// `[sla]`, behind the router
void read_sla_section(StrictTable& document, RouterConfig& config);
/// `[budget]` and `[timers]`
void read_limits(StrictTable& document, RouterConfig& config);

}  // namespace issu::config
