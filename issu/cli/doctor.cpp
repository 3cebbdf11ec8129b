#include <fmt/format.h>

#include <filesystem>

#include "issu/cli/command.hpp"
#include "issu/config/router_config.hpp"
#include "issu/doctor/examine.hpp"

namespace issu::cli {
namespace {

struct DoctorOptions : Common {
  double seconds = 10;
};

/// What the router needs of the machine; without one, what the first backend needs.
Result<std::vector<std::string>> needs_of(const DoctorOptions& options, bool named) {
  if (!named && !std::filesystem::exists(options.file)) {
    return std::vector<std::string>{"lxc", "kernel"};
  }
  auto router = config::load_router(options.file);
  if (!router) {
    return fail(std::move(router).error());
  }
  std::vector<std::string> needs{router->backend, router->router.npu.driver};
  if (needs.back() == "soft") {
    needs.push_back("soft-" + router->router.npu.engine);
  }
  if (router->router.first_id) {
    needs.emplace_back("user-namespace");
  }
  return needs;
}

int examine_machine(const DoctorOptions& options, bool named) {
  const auto needs = needs_of(options, named);
  if (!needs) {
    return say_error(needs.error(), options.json);
  }
  doctor::Options how;
  how.deadline = std::chrono::milliseconds(static_cast<long>(options.seconds * 1000));
  const auto capabilities = doctor::examine(how);
  if (options.json) {
    fmt::print("{}\n", doctor::as_json(capabilities, *needs));
  } else {
    fmt::print("{}", doctor::as_text(capabilities, *needs));
  }
  return doctor::ready(capabilities, *needs) ? 0 : 3;
}

}  // namespace

void add_doctor_command(CLI::App& app, Exit& exit) {
  CLI::App* command = app.add_subcommand(
      "doctor", "Try out what this machine can do, say what is missing and how to get it");
  auto options = std::make_shared<DoctorOptions>();
  add_common(*command, *options);
  command->add_option("--deadline", options->seconds, "Seconds for one trial; a longer one is cut")
      ->check(CLI::Range(0.1, 600.0))
      ->capture_default_str();
  command->footer(
      "Exits with 0 only if the backend and the NPU driver of the router.toml can run here, with 3 "
      "otherwise.\nWithout a router.toml: lxc and kernel.\nExample:\n  issu doctor -f router.toml");
  CLI::Option* file = command->get_option("--file");
  command->callback(
      [options, file, &exit] { exit.code = examine_machine(*options, file->count() > 0); });
}

}  // namespace issu::cli
