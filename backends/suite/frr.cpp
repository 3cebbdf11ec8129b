#include <algorithm>

#include "backends/daemons/frr_config.hpp"
#include "backends/daemons/frr_vty.hpp"
#include "backends/daemons/views.hpp"
#include "backends/suite/frr_routes.hpp"
#include "backends/suite/suite.hpp"
#include "issu/base/file.hpp"
#include "issu/base/reasons.hpp"

namespace issu::backends {
namespace {

/// zebra deletes by its own timer whatever it found in the kernel and nobody announced again. The
/// sweep is ours; this is only what ends the bookkeeping of routes that are long gone.
constexpr const char* keep_seconds = "3600";

/// bgpd lets go of all its routes in it.
constexpr std::chrono::seconds clear_within{20};

/// Where builds of FRR put their daemons.
constexpr std::string_view program_folders[] = {"usr/lib/frr", "usr/libexec/frr", "usr/sbin",
                                                "usr/local/sbin"};

/// Those whose configuration mgmtd reads and hands out (from FRR 10 on).
constexpr std::string_view managed[] = {"staticd", "ripd", "ripngd"};

std::string program(const HasProgram& has, const std::string& daemon) {
  for (const std::string_view folder : program_folders) {
    std::string path = "/" + std::string(folder) + "/" + daemon;
    if (has(path)) {
      return path;
    }
  }
  return {};
}

init::DaemonPlan plan_one(const std::string& name, const std::string& path, bool fpm) {
  init::DaemonPlan plan;
  plan.name = name;
  plan.argv = {path, "-u",    "root",   "-g",          "root",         "-P",
               "0",  "--log", "stdout", "--log-level", "notifications"};
  if (name == "zebra") {
    // -K takes its value in the same word: FRR 10 made it optional, and reads no other word.
    // The receive buffer holds what the kernel says while zebra reads 100,000 routes. An IPv6
    // route is replaced in one step only with the kernel's route-replace semantics.
    plan.argv.insert(plan.argv.end(),
                     {std::string("-K") + keep_seconds, "-s", "90000000", "--v6-rr-semantics"});
    if (fpm) {
      plan.argv.insert(plan.argv.end(), {"-M", "dplane_fpm_nl"});
    }
  }
  plan.socket = "/run/frr/" + name + ".vty";
  plan.question = "enable";
  return plan;
}

Result<std::vector<init::DaemonPlan>> plan(const HasProgram& has,
                                           const std::vector<std::string>& daemons, bool fpm) {
  const std::string mgmtd = program(has, "mgmtd");
  std::vector<std::string> order{"zebra"};
  if (!mgmtd.empty()) {
    order.emplace_back("mgmtd");
  }
  for (const std::string& name : daemons) {
    if (std::find(order.begin(), order.end(), name) == order.end()) {
      order.push_back(name);
    }
  }
  std::vector<init::DaemonPlan> plans;
  for (const std::string& name : order) {
    const std::string path = program(has, name);
    if (path.empty()) {
      return fail("the image has no program for the daemon " + name,
                  "take it out of `daemons` in router.toml, or use an image that has it");
    }
    init::DaemonPlan daemon = plan_one(name, path, fpm);
    // zebra answers once it has read the kernel's routes. A bgpd that is up earlier has sessions
    // before it knows the interfaces, and takes IPv6 routes by link-local next hops as withdrawn.
    if (name != "zebra" && name != "mgmtd") {
      daemon.after.emplace_back("zebra");
    }
    if (!mgmtd.empty() &&
        std::find(std::begin(managed), std::end(managed), name) != std::end(managed)) {
      daemon.after.emplace_back("mgmtd");
    }
    plans.push_back(std::move(daemon));
  }
  return plans;
}

/// A line that zebra's configuration has to have.
struct ZebraLine {
  std::string_view line;
  const char* lacking;
  bool for_fpm;  ///< only beside an NPU that takes zebra's routes over FPM
};

constexpr ZebraLine zebra_lines[] = {
    {"fpm address 127.0.0.1 port 2620", " does not say where the NPU takes its routes", true},
    // Its option -a says the same and is forgotten again before it counts (8.4.4, 10.3).
    {"allow-external-route-update",
     " does not allow the sweep to delete routes: zebra would put them back", false},
};

bool has_line(const std::string& text, std::string_view line) {
  const std::string whole = "\n" + text + "\n";
  return whole.find("\n" + std::string(line) + "\n") != std::string::npos;
}

Result<void> check_config(const std::filesystem::path& config_dir,
                          const std::vector<std::string>& daemons, bool fpm) {
  Reasons reasons;
  if (std::find(daemons.begin(), daemons.end(), "zebra") == daemons.end()) {
    reasons.add(Error("the suite frr needs zebra among its daemons", "add it to `daemons`"));
  }
  for (const std::string& name : daemons) {
    const auto file = config_dir / (name + ".conf");
    if (!std::filesystem::is_regular_file(file)) {
      reasons.add(
          Error(file.string() + " is not there",
                "each daemon reads its own file (an empty one will do); an frr.conf is not read: "
                "split it up"));
    }
  }
  const auto zebra_conf = config_dir / "zebra.conf";
  const auto text = read_file(zebra_conf);  // one that is not there was told above
  for (const ZebraLine& each : zebra_lines) {
    if (text && (fpm || !each.for_fpm) && !has_line(*text, each.line)) {
      reasons.add(
          Error(zebra_conf.string() + each.lacking, "add the line: " + std::string(each.line)));
    }
  }
  return std::move(reasons).result();
}

bool takes_config(std::string_view file_name) {
  // With an frr.conf beside them, daemons skip their own files and wait for vtysh to feed them.
  return file_name != "frr.conf";
}

ControlPlaneView view(const std::filesystem::path& run, const std::vector<std::string>& daemons) {
  return frr_view(run, daemons);
}

Result<std::optional<std::vector<state_sync::Prefix>>> routes(
    const std::filesystem::path& run, const std::vector<std::string>& daemons) {
  auto list = frr_announced_routes(run, daemons);
  if (!list) {
    return fail(std::move(list).error());
  }
  return std::optional(std::move(*list));
}

/// `update-delay` holds routes back after bgpd's start and after a clear of all neighbours, not
/// when sessions end by themselves (bgpd's documentation, "Require read-only mode").
Result<std::optional<std::string>> running_config(const std::filesystem::path& run) {
  auto text = frr_running_config(run);
  if (!text) {
    return fail(std::move(text).error());
  }
  return std::optional<std::string>(std::move(*text));
}

Result<void> begin_anew(const std::filesystem::path& run, const std::vector<std::string>& daemons) {
  if (std::find(daemons.begin(), daemons.end(), "bgpd") == daemons.end()) {
    return {};
  }
  if (auto cleared = FrrVty(run / "bgpd.vty").ask("clear bgp *", clear_within); !cleared) {
    return pass(std::move(cleared).error(), "having bgpd begin anew");
  }
  return {};
}

}  // namespace

const Suite frr_suite{
    .name = "frr",
    .config_path = "/etc/frr",
    .run_path = "/run/frr",
    .state_path = "/var/lib/frr",
    .folders = {"/var/log/frr", "/var/tmp/frr"},
    .groups = {"frr", "frrvty"},
    .plan = plan,
    .check_config = check_config,
    .takes_config = takes_config,
    .view = view,
    .routes = routes,
    .running_config = running_config,
    .begin_anew = begin_anew,
};

}  // namespace issu::backends
