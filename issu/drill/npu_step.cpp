#include <fmt/format.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "issu/base/child.hpp"
#include "issu/drill/runner.hpp"

namespace issu::drill {
namespace {

using nlohmann::json;

/// No npud takes so long to find its tables again.
constexpr auto kBack = std::chrono::seconds(60);

/// Who the NPU is and what it holds.
struct Npud {
  pid_t pid = 0;
  std::uint64_t routes = 0;
};

json asked(const Stage& stage, const std::string& verb) {
  const auto said =
      run({stage.issu.string(), "npu", verb, "-f", stage.router_file.string(), "--json"});
  return said ? json::parse(said->out, nullptr, false) : json();
}

Npud npud_of(const Stage& stage) {
  const json shown = asked(stage, "show");
  if (!shown.is_object() || !shown.contains("pid") || !shown.contains("routes")) {
    return {};
  }
  const json& routes = shown["routes"];
  return {shown.value("pid", 0),
          routes.value("ipv4", std::uint64_t{0}) + routes.value("ipv6", std::uint64_t{0})};
}

}  // namespace

Result<void> Runner::take_npu(const NpuStep& step, const std::string& name) {
  const bool saves = step.what == "snapshot" || step.what == "restore";
  return saves ? save_npu(step, name) : replace_npu(step, name);
}

Result<void> Runner::save_npu(const NpuStep& step, const std::string& name) {
  const Npud before = npud_of(*stage_);
  if (before.pid == 0) {
    return fail("there is no npud to " + step.what, "the lab needs npu = \"soft\"");
  }
  auto program = start({"npu", step.what, (stage_->evidence / "tables.npu").string()});
  auto status = program ? end(*program) : Result<int>(fail(program.error()));
  if (!status) {
    return fail(std::move(status).error());
  }
  judge_exit(name, 0, *status, *program);
  const json told = json::parse(program->output(), nullptr, false);
  const auto routes = told.is_object() ? told.value("routes", std::uint64_t{0}) : 0;
  stage_->say(fmt::format("  {} of {} routes, npud has {}", step.what, routes, before.routes));
  judgements_.push_back({name + ": it has the routes of the NPU", fmt::format("{}", before.routes),
                         fmt::format("{}", routes), routes == before.routes && routes != 0,
                         program->errors()});
  if (step.what == "restore") {
    const Npud after = npud_of(*stage_);
    const json diff = asked(*stage_, "diff");
    const bool same =
        diff.is_object() && diff.value("only_npu", -1) == 0 && diff.value("only_kernel", -1) == 0;
    judgements_.push_back({name + ": the same npud has as many routes as before",
                           fmt::format("{}", before.routes),
                           fmt::format("{}", after.routes),
                           after.pid == before.pid && after.routes == before.routes,
                           {}});
    judgements_.push_back({name + ": nothing differs from the route processor",
                           "no difference",
                           same ? "no difference" : diff.dump(),
                           same,
                           {}});
  }
  return {};
}

Result<void> Runner::replace_npu(const NpuStep& step, const std::string& name) {
  const Npud before = npud_of(*stage_);
  if (before.pid == 0) {
    return fail("there is no npud to " + step.what, "the lab needs npu = \"soft\"");
  }
  const MonoNs began = mono_now();
  if (step.what == "kill") {
    ISSU_TRY(send_signal(identify(before.pid), SIGKILL), "killing npud");
  } else {
    auto program = start({"npu", "upgrade"});
    auto status = program ? end(*program) : Result<int>(fail(program.error()));
    if (!status) {
      return fail(std::move(status).error());
    }
    judge_exit(name, 0, *status, *program);
  }
  Npud after = npud_of(*stage_);
  const Deadline deadline = Deadline::in(kBack);
  while ((after.pid == 0 || after.pid == before.pid) && !deadline.passed()) {
    if (interrupt_->sleep(std::chrono::milliseconds(20))) {
      return fail("interrupted");
    }
    after = npud_of(*stage_);
  }
  const double seconds = to_s(mono_now() - began);
  const bool another = after.pid != 0 && after.pid != before.pid;
  stage_->say(fmt::format("  npud {} -> {} after {:.2f} s, {} -> {} routes", before.pid, after.pid,
                          seconds, before.routes, after.routes));
  judgements_.push_back({name + ": another npud answers",
                         "another process",
                         another ? "another process" : "none",
                         another,
                         {}});
  judgements_.push_back({name + ": it has the routes of the one before",
                         fmt::format("{}", before.routes),
                         fmt::format("{}", after.routes),
                         before.routes == after.routes && before.routes != 0,
                         {}});
  return {};
}

}  // namespace issu::drill
