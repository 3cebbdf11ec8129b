#include "backends/daemons/views.hpp"
#include "backends/suite/suite.hpp"

namespace issu::backends {
namespace {

constexpr std::string_view programs[] = {"usr/sbin/bird", "usr/local/sbin/bird"};

Result<std::vector<init::DaemonPlan>> plan(const HasProgram& has,
                                           const std::vector<std::string>& /*daemons*/,
                                           bool /*fpm*/) {
  for (const std::string_view program : programs) {
    if (has("/" + std::string(program))) {
      // -R: what the kernel holds stays until the neighbours have said their End-of-RIB.
      return std::vector{
          init::DaemonPlan{.name = "bird",
                           .argv = {"/" + std::string(program), "-f", "-R", "-c",
                                    "/etc/bird/bird.conf", "-s", "/run/bird/bird.ctl"},
                           .socket = "/run/bird/bird.ctl",
                           .question = {}}};
    }
  }
  return fail("the image has no bird", "use an image with /usr/sbin/bird");
}

Result<void> check_config(const std::filesystem::path& config_dir,
                          const std::vector<std::string>& daemons, bool /*fpm*/) {
  if (!std::filesystem::is_regular_file(config_dir / "bird.conf")) {
    return fail((config_dir / "bird.conf").string() + " is not there", "write it");
  }
  for (const std::string& name : daemons) {
    if (name != "bird") {
      return fail("the suite bird has no daemon " + name, "`daemons` is [\"bird\"]");
    }
  }
  return {};
}

bool takes_config(std::string_view /*file_name*/) {
  return true;
}

ControlPlaneView view(const std::filesystem::path& run, const std::vector<std::string>&) {
  return bird_view(run / "bird.ctl");
}

Result<std::optional<std::vector<state_sync::Prefix>>> routes(
    const std::filesystem::path& run, const std::vector<std::string>& /*daemons*/) {
  auto list = bird_kernel_routes(run / "bird.ctl");
  if (!list) {
    return fail(std::move(list).error());
  }
  return std::optional(std::move(*list));
}

/// BIRD itself waits for no one before it announces.
Result<void> begin_anew(const std::filesystem::path& /*run*/,
                        const std::vector<std::string>& /*daemons*/) {
  return {};
}

/// BIRD does not say its configuration.
Result<std::optional<std::string>> running_config(const std::filesystem::path& /*run*/) {
  return std::optional<std::string>();
}

}  // namespace

const Suite bird_suite{
    .name = "bird",
    .config_path = "/etc/bird",
    .run_path = "/run/bird",
    .state_path = {},
    .folders = {},
    .groups = {},
    .plan = plan,
    .check_config = check_config,
    .takes_config = takes_config,
    .view = view,
    .routes = routes,
    .running_config = running_config,
    .begin_anew = begin_anew,
};

}  // namespace issu::backends
