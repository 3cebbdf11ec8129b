#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "backends/npu/soft/control_client.hpp"
#include "backends/npu/soft/npud_files.hpp"
#include "backends/npu/soft/npud_process.hpp"
#include "issu/base/file.hpp"
#include "issu/cli/command.hpp"
#include "issu/cli/npu_text.hpp"
#include "issu/config/router_config.hpp"

namespace issu::cli {
namespace {

using nlohmann::json;

struct Options : Common {
  std::string within;
  std::size_t limit = 0;
  bool chassis = false;
  std::string snapshot;
  std::string program;
};

/// The router of the file, when it has an npud to ask.
Result<config::RouterConfig> soft_router(const Options& options) {
  auto config = config::load_router(options.file);
  if (config && config->router.npu.driver != "soft") {
    return fail("the NPU of the router " + config->router.name + " is the kernel's own",
                "`ip -n " + config->router.netns + " route` shows its tables", ErrorKind::refused);
  }
  return config;
}

/// Asks the router's npud.
Result<json> ask(const Options& options, const json& words) {
  auto config = soft_router(options);
  if (!config) {
    return fail(std::move(config).error());
  }
  const auto files = backends::soft::NpudFiles::of(config->router);
  const backends::soft::ControlClient client(files.socket());
  if (client.server().pid == 0) {
    return fail(
        "no npud runs for the router " + config->router.name,
        "`issu router up -f " + options.file + "` starts it; its log is " + files.log().string());
  }
  return client.ask(words);
}

json path_words(const char* verb, const Options& options) {
  std::error_code error;
  return {{"verb", verb}, {"file", std::filesystem::absolute(options.snapshot, error).string()}};
}

Result<json> show(const Options& options) {
  return ask(options, {{"verb", "show"}});
}

Result<json> routes(const Options& options) {
  return ask(options, {{"verb", "routes"},
                       {"within", options.within},
                       {"limit", options.limit},
                       {"chassis", options.chassis}});
}

Result<json> difference(const Options& options) {
  return ask(options, {{"verb", "diff"}, {"limit", options.limit}});
}

Result<json> counters(const Options& options) {
  return ask(options, {{"verb", "counters"}});
}

Result<json> snapshot(const Options& options) {
  return ask(options, path_words("snapshot", options));
}

Result<json> restore(const Options& options) {
  return ask(options, path_words("restore", options));
}

Result<json> upgrade(const Options& options) {
  auto config = soft_router(options);
  if (!config) {
    return fail(std::move(config).error());
  }
  const auto files = backends::soft::NpudFiles::of(config->router);
  const backends::soft::ControlClient client(files.socket());
  const ProcessId before = client.server();
  const std::filesystem::path program = options.program.empty()
                                            ? backends::soft::npud_beside_us()
                                            : std::filesystem::path(options.program);
  ISSU_TRY(backends::soft::replace_npud(program, files, config->router.npu_netns()),
           "replacing npud");
  return json{
      {"program", program.string()}, {"pid_before", before.pid}, {"pid", client.server().pid}};
}

struct Verb {
  const char* name;
  const char* what;
  const char* example;
  Result<json> (*work)(const Options&);
  std::string (*text)(const json&);
};

constexpr Verb verbs[] = {
    {"show", "Ports, addresses, neighbours, sizes, where routes come from",
     "issu npu show -f router.toml", show, show_text},
    {"routes", "The routes in the NPU", "issu npu routes -f router.toml --within 10.0.0.0/8",
     routes, routes_text},
    {"diff", "How its routes differ from what the route processor's kernel holds",
     "issu npu diff -f router.toml", difference, difference_text},
    {"counters", "Packets and bytes of each port and next hop, drops by reason",
     "issu npu counters -f router.toml --json", counters, counters_text},
    {"snapshot", "Write the tables into a file, while it forwards",
     "issu npu snapshot -f router.toml before.npu", snapshot, done_text},
    {"restore", "Put the routes of a snapshot back", "issu npu restore -f router.toml before.npu",
     restore, done_text},
    {"upgrade", "Replace the running issu-npud by the installed one, without losing a packet",
     "issu npu upgrade -f router.toml", upgrade, done_text},
};

void add_options(CLI::App& command, const std::string& verb, Options& options) {
  if (verb == "routes") {
    command.add_option("--within", options.within, "Only routes inside this prefix");
    command.add_option("--limit", options.limit, "At most so many; 0: all of them");
    command.add_flag("--chassis", options.chassis, "Also the chassis' own: connected, local");
  } else if (verb == "diff") {
    options.limit = 20;
    command.add_option("--limit", options.limit, "Name at most so many of each side")
        ->capture_default_str();
  } else if (verb == "snapshot" || verb == "restore") {
    command.add_option("snapshot", options.snapshot, "The snapshot's file")->required();
  } else if (verb == "upgrade") {
    command.add_option("--program", options.program,
                       "Another issu-npud than the one beside this program");
  }
}

}  // namespace

void add_npu_command(CLI::App& app, Exit& exit) {
  CLI::App* command = app.add_subcommand("npu", "Ask or replace the software NPU of a router");
  command->require_subcommand(1);
  for (const Verb& verb : verbs) {
    auto options = std::make_shared<Options>();
    CLI::App* sub = command->add_subcommand(verb.name, verb.what);
    add_common(*sub, *options);
    add_options(*sub, verb.name, *options);
    add_example(*sub, verb.example);
    sub->callback([options, &verb, &exit] {
      auto answer = verb.work(*options);
      if (!answer) {
        exit.code = say_error(answer.error(), options->json);
        return;
      }
      fmt::print("{}\n", options->json ? answer->dump(2) : verb.text(*answer));
    });
  }
}

}  // namespace issu::cli
