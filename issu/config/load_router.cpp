#include <system_error>

#include "issu/config/router_config.hpp"
#include "issu/config/sections.hpp"
#include "issu/config/strict_table.hpp"
#include "issu/config/toml_reader.hpp"

namespace issu::config {

Result<RouterConfig> load_router(const std::filesystem::path& file, Purpose purpose) {
  auto document = read_toml(file);
  if (!document) {
    return fail(std::move(document).error());
  }
  RouterConfig config;
  std::error_code error;
  config.file = std::filesystem::absolute(file, error).lexically_normal();
  const std::filesystem::path folder = config.file.parent_path();

  Problems problems(file.string());
  StrictTable root(*document, "", problems);
  read_router_section(root, folder, config, purpose);
  read_images_section(root, folder, config, purpose);
  read_ports(root, config);
  read_npu_section(root, config);
  read_vm_section(root, config);
  read_archive_section(root, folder, config);
  read_probes(root, config);
  read_peers(root, folder, config);
  read_echoes(root, config);
  read_limits(root, config);
  read_sla_section(root, config);
  root.finish();
  if (auto good = problems.result(); !good) {
    return fail(std::move(good).error());
  }
  return config;
}

}  // namespace issu::config
