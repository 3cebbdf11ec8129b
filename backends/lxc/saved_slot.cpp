#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "backends/lxc/carry.hpp"
#include "backends/lxc/cgroups.hpp"
#include "backends/lxc/conditions.hpp"
#include "backends/lxc/pid_namespace.hpp"
#include "backends/lxc/rootfs.hpp"
#include "backends/lxc/route_processor.hpp"
#include "backends/lxc/same_programs.hpp"
#include "checkpoint/criu.hpp"
#include "checkpoint/criu_files.hpp"
#include "checkpoint/criu_hook.hpp"
#include "issu/base/file.hpp"
#include "issu/base/json.hpp"
#include "issu/base/netns.hpp"
#include "issu/base/reasons.hpp"

/// The verbs of saved states: a slot's container dumped by CRIU and brought back.
namespace issu::backends {
namespace {

/// A dump can fail for a message that came into a netlink socket at the wrong moment, or for a
/// permission that CRIU is sporadically refused (its issue 2721): the next one works.
constexpr int tries = 2;

/// Beside the daemons' memory: what else CRIU writes, and pages that they touch meanwhile.
constexpr std::uint64_t store_reserve = 64U << 20U;

/// How long CRIU may take where no session waits: several times what 1 M routes took on a loaded
/// machine. Never less than `least`, so that a late restore is tried at all.
constexpr std::chrono::milliseconds longest = std::chrono::seconds(60);
constexpr std::chrono::milliseconds least = std::chrono::seconds(5);

/// A dump and its restore together are given three quarters of what the most impatient session
/// endures: in the rest the daemons can be started anew before a peer gives up on them.
std::chrono::milliseconds patience_for(const ControlPlaneView& view) {
  double milliseconds = static_cast<double>(longest.count());
  for (const SessionView& session : view.sessions) {
    if (const auto endures_s = session.endures_s()) {
      milliseconds = std::min(milliseconds, *endures_s * 1000 * 3 / 4);
    }
  }
  for (const AdjacencyView& adjacency : view.adjacencies) {
    if (const auto endures_s = adjacency.endures_s()) {
      milliseconds = std::min(milliseconds, *endures_s * 1000 * 3 / 4);
    }
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(milliseconds));
}

/// What was left of it when the daemons have been dark since `dark_from` (0: they are not).
std::chrono::milliseconds patience_left(const lxc::ImageStore& store, MonoNs dark_from) {
  const auto all = std::strtoll(read_file(store.patience()).value_or("0").c_str(), nullptr, 10);
  if (all <= 0) {
    return longest;
  }
  const auto gone = dark_from == 0 ? 0 : static_cast<std::int64_t>(to_ms(mono_now() - dark_from));
  return std::clamp(std::chrono::milliseconds(all - gone), least, longest);
}

std::uint64_t kibibytes(const std::string& status, const std::string& name) {
  const auto at = status.find("\n" + name + ":");
  return at == std::string::npos
             ? 0
             : std::strtoull(status.c_str() + at + name.size() + 2, nullptr, 10);
}

/// Of a container's processes: what a dump writes.
std::uint64_t memory_of(pid_t init_pid) {
  std::uint64_t sum = 0;
  const auto add = [&](pid_t pid) {
    const std::string status = read_file("/proc/" + std::to_string(pid) + "/status").value_or("");
    sum += (kibibytes(status, "RssAnon") + kibibytes(status, "RssShmem")) << 10U;
  };
  add(init_pid);
  for (const auto& process : lxc::processes_beside(init_pid)) {
    add(process.host_pid);
  }
  return sum;
}

std::uint64_t store_size(std::uint64_t memory) {
  return memory + memory / 4 + store_reserve;
}

/// What `save` notes before it dumps; the rest is CRIU's to say.
struct Begun {
  MonoNs dark_from = 0;
  double condition_ms = 0;
  std::string cgroup;  ///< in the hierarchy of version 2
  bool run_on = false;
};

Result<void> write_begun(const lxc::ImageStore& store, const Begun& begun) {
  const nlohmann::json json{{"dark_from", begun.dark_from},
                            {"condition_ms", begun.condition_ms},
                            {"cgroup", begun.cgroup},
                            {"run_on", begun.run_on}};
  return write_file_atomic(store.report(), json.dump());
}

nlohmann::json read_begun(const lxc::ImageStore& store) {
  auto json = nlohmann::json::parse(read_file(store.report()).value_or(""), nullptr, false);
  return json.is_object() ? json : nlohmann::json::object();
}

/// Where liblxc will put the processes of another container: beside the group of this one.
std::string group_beside(const std::string& group, const std::string& container) {
  return group.empty() ? "" : group.substr(0, group.rfind('/') + 1) + "lxc.payload." + container;
}

/// The report of a dump that is whole; an error when it is not.
Result<SaveReport> read_report(const lxc::ImageStore& store) {
  auto stats = checkpoint::read_dump_stats(store.images());
  if (!stats) {
    return fail(std::move(stats).error());
  }
  const auto begun = read_begun(store);
  SaveReport report;
  report.dark_from = value_of(begun, "dark_from", MonoNs{0});
  report.condition_ms = value_of(begun, "condition_ms", 0.0);
  report.freeze_ms = stats->freezing_ms;
  report.dump_ms = stats->frozen_ms;
  report.bytes = store.bytes();
  return report;
}

}  // namespace

lxc::ImageStore LxcRouteProcessor::store(Slot slot) const {
  return lxc::ImageStore(spec_.run_dir / (std::string("saved-") + name_of(slot)),
                         spec_.run_dir_stays);
}

lxc::Conditions LxcRouteProcessor::conditions(Slot slot) const {
  return {store(slot).conditions(), spec_.netns, spec_.name};
}

lxc::CriuCall LxcRouteProcessor::criu_call(const lxc::ImageStore& store, Slot slot) const {
  return {store.images(),
          store.options(),
          {"PATH=" + read_file(store.search_path()).value_or("/usr/sbin:/usr/bin")},
          read_file(store.criu_version()).value_or(""),
          store.hook(),
          files(slot).lxc_log(),
          NetNs::path_of(spec_.netns),
          longest};
}

bool LxcRouteProcessor::is_saved(Slot slot) const {
  const auto room = store(slot);
  return room.exists() && checkpoint::read_dump_stats(room.images()).has_value() &&
         (container(slot).init_pid() == 0 || value_of(read_begun(room), "run_on", false));
}

Result<SaveEstimate> LxcRouteProcessor::check_save(Slot slot) {
  Reasons reasons;
  // Some versions pass their own check and fail on the first socket.
  auto criu = checkpoint::locate_criu();
  reasons.add_if(criu ? checkpoint::criu_self_test(*criu)
                      : Result<void>(fail(std::move(criu).error())));
  reasons.add_unless(
      !spec_.first_id,
      "a checkpoint of containers in a user namespace can be taken, not restored: CRIU can't "
      "put them back into the user namespace of the chassis",
      "the strategy restart, or `user_namespace = false` in router.toml");
  SaveEstimate estimate;
  if (auto active = need_active(slot); !active) {
    reasons.add(std::move(active).error());
  } else {
    const pid_t init_pid = container(slot).init_pid();
    estimate.bytes = memory_of(init_pid);
    reasons.add_if(conditions(slot).check(init_pid));
    reasons.add_if(store(slot).check(store_size(estimate.bytes)));
  }
  if (auto good = std::move(reasons).result(); !good) {
    return fail(std::move(good).error());
  }
  return estimate;
}

Result<void> LxcRouteProcessor::check_same(Slot slot, const std::filesystem::path& payload) {
  ISSU_TRY(need_active(slot), "comparing programs");
  return lxc::compare_programs(container(slot).init_pid(), files(slot).image(), payload);
}

Result<void> LxcRouteProcessor::prepare_save(Slot slot) {
  const std::string what = "preparing to save " + label(slot);
  ISSU_TRY(need_active(slot), what);
  // What an earlier save took and could not give back is written down in the store.
  ISSU_TRY(conditions(slot).give_back(container(slot).init_pid()), what);
  auto criu = checkpoint::locate_criu();
  if (!criu) {
    return pass(std::move(criu).error(), what);
  }
  auto room = store(slot);
  ISSU_TRY(room.prepare(store_size(memory_of(container(slot).init_pid()))), what);
  const auto view = suite_.view(files(slot).run(), spec_.daemons);
  ISSU_TRY(write_file_atomic(room.patience(), std::to_string(patience_for(view).count())), what);
  // Found now: while it is dark there is no time to look for it.
  const std::string variable = checkpoint::criu_path_variable(*criu);
  ISSU_TRY(write_file_atomic(room.criu_version(), criu->version), what);
  ISSU_TRY(write_file_atomic(room.search_path(), variable.substr(variable.find('=') + 1)), what);
  return {};
}

Result<SaveReport> LxcRouteProcessor::save(Slot slot, Afterwards afterwards) {
  const std::string what = "saving " + label(slot);
  auto room = store(slot);
  auto ours = container(slot);
  ISSU_TRY(ours.settle(), what);
  const pid_t init_pid = ours.init_pid();
  if (init_pid == 0) {
    auto report = read_report(room);
    return report ? report
                  : Result<SaveReport>(fail(label(slot) + " does not run, and no whole state of " +
                                                "it was saved: " + report.error().what(),
                                            "activate it"));
  }
  ISSU_TRY(need_active(slot), what);
  if (!std::filesystem::exists(room.search_path())) {  // the last thing that is prepared
    ISSU_TRY(prepare_save(slot), what);
  }
  // Where an earlier call was killed before its dump, what it took goes back first: what is
  // written down from here on has to be whole.
  ISSU_TRY(conditions(slot).give_back(init_pid), what);
  ISSU_TRY(room.empty(), what);
  const std::string cgroup = lxc::unified_group_of(init_pid);
  auto options = checkpoint::dump_options({NetNs::path_of(spec_.netns), cgroup});
  if (!options) {
    return pass(std::move(options).error(), what);
  }
  ISSU_TRY(write_file_atomic(room.options(), *options + checkpoint::CriuHook::option(room.hook())),
           what);
  ISSU_TRY(room.make_room(), what);

  Begun begun;
  begun.cgroup = cgroup;
  begun.run_on = afterwards == Afterwards::runs;
  MonoNs taken = 0;
  const auto take = [&]() -> Result<void> {
    if (taken != 0) {
      return {};  // the dump before this one failed behind here
    }
    begun.dark_from = mono_now();
    ISSU_TRY(conditions(slot).take(init_pid), what);
    taken = mono_now();
    begun.condition_ms = to_ms(taken - begun.dark_from);
    return write_begun(room, begun);
  };
  Result<void> dumped;
  lxc::CriuCall call = criu_call(room, slot);
  for (int time = 0; time < tries; ++time) {
    call.within = patience_left(room, taken == 0 ? 0 : begun.dark_from);
    dumped = ours.dump(config(files(slot)), call, begun.run_on, take);
    if (dumped || ours.init_pid() == 0) {
      break;
    }
    if (taken != 0 && dumped.error().kind() == ErrorKind::timeout) {
      // CRIU was ended with the processes in its hands: they can't be relied on any more.
      dumped.error().also(Error("the daemons of " + label(slot) +
                                " were ended with it: only a start from nothing brings them back"));
      for (const auto& ended : {ours.stop(), conditions(slot).let_through()}) {
        if (!ended) {
          dumped.error().also(ended.error());
        }
      }
      break;
    }
  }
  const MonoNs done = mono_now();
  auto report = read_report(room);
  const bool runs = ours.init_pid() != 0;
  if (runs) {
    if (auto given = conditions(slot).give_back(ours.init_pid()); !given && !dumped) {
      dumped.error().also(std::move(given).error());
    }
  }
  if (!dumped) {
    return pass(std::move(dumped).error(), what);
  }
  if (!report) {
    return pass(std::move(report).error(), what);
  }
  if (runs != begun.run_on) {
    return fail(label(slot) + (runs ? " was dumped and still runs" : " was dumped and is gone"),
                "see " + (room.images() / "dump.log").string());
  }
  report->dump_ms = to_ms(done - taken) - report->freeze_ms;
  return report;
}

Result<std::string> LxcRouteProcessor::bring_back(Slot saved_from, Slot into, Sessions sessions) {
  auto room = store(saved_from);
  auto ours = container(into);
  if (auto whole = checkpoint::read_dump_stats(room.images()); !whole) {
    return pass(std::move(whole).error(), "no state of " + label(saved_from) + " is saved");
  }
  if (!lxc::is_mounted(files(into).rootfs())) {
    return fail(label(into) + " has no image", "stage one first");
  }
  if (into != saved_from) {
    if (container(saved_from).init_pid() != 0) {
      return fail(label(saved_from) + " still runs", "save it first");
    }
    ISSU_TRY(lxc::carry_files(files(saved_from), files(into)), "");
  }
  ISSU_TRY(make_dirs(spec_.run_dir / "lxc", 0755), "");
  ISSU_TRY(
      write_file_atomic(room.options(),
                        checkpoint::restore_options(
                            {NetNs::path_of(spec_.netns),
                             group_beside(value_of(read_begun(room), "cgroup", ""), ours.name())},
                            lxc::CriuCall::inherited_netns, sessions == Sessions::drop)),
      "");
  ISSU_TRY(conditions(saved_from).expect_again(), "");
  Result<void> restored;
  std::string first_try;
  lxc::CriuCall call = criu_call(room, into);
  for (int time = 0; time < tries; ++time) {
    if (sessions == Sessions::keep) {
      call.within = patience_left(room, value_of(read_begun(room), "dark_from", MonoNs{0}));
    }
    ISSU_TRY(ours.stop(), "clearing what was left half done");
    ISSU_TRY(lxc::remove_cgroups(ours.name()), "clearing what was left half done");
    restored = ours.restore(config(files(into)), call);
    if (restored || restored.error().kind() == ErrorKind::timeout) {
      break;  // no second time of that while it is dark
    }
    first_try = time == 0 ? restored.error().message() : first_try;
  }
  return restored ? Result<std::string>(std::move(first_try)) : fail(std::move(restored).error());
}

Result<RestoreReport> LxcRouteProcessor::restore(Slot saved_from, Slot into, Sessions sessions) {
  const std::string what = "restoring " + label(saved_from) + " in slot " + name_of(into);
  ISSU_TRY(container(saved_from).settle(), what);
  ISSU_TRY(container(into).settle(), what);
  const MonoNs from = mono_now();
  const auto said = container(into).init_pid() == 0 ? std::nullopt : ask_init(into);
  // Else its daemons run: a call before this one was killed behind its restore.
  const bool needed = !said || said->held;
  RestoreReport report;
  if (needed) {
    auto back = bring_back(saved_from, into, sessions);
    if (!back) {
      return pass(std::move(back).error(), what);
    }
    report.first_try = std::move(*back);
  }
  const MonoNs restored = mono_now();
  ISSU_TRY(conditions(saved_from).give_back(container(into).init_pid()), what);
  // Never a second time: the sessions may be up again.
  if (sessions == Sessions::drop && needed) {
    ISSU_TRY(suite_.begin_anew(files(into).run(), spec_.daemons), what);
  }
  report.restore_ms = to_ms(restored - from);
  report.dark_until = mono_now();
  report.condition_ms = to_ms(report.dark_until - restored);
  // Its monitor takes a tenth of a second to end; nobody has to be dark for that. What can't be
  // removed now is by `power_off`.
  if (into != saved_from) {
    (void)lxc::remove_cgroups(container(saved_from).name());
  }
  return report;
}

Result<void> LxcRouteProcessor::forget_saved(Slot slot) {
  ISSU_TRY(conditions(slot).let_through(), "forgetting the saved state of " + label(slot));
  ISSU_TRY(store(slot).remove(), "forgetting the saved state of " + label(slot));
  if (container(slot).init_pid() == 0) {
    ISSU_TRY(lxc::remove_cgroups(container(slot).name()),
             "forgetting the saved state of " + label(slot));
  }
  return {};
}

}  // namespace issu::backends
