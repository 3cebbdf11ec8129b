#include "backends/lxc/route_processor.hpp"

#include <unistd.h>

#include <algorithm>

#include "backends/lxc/cgroups.hpp"
#include "backends/lxc/host_check.hpp"
#include "backends/lxc/lxc.hpp"
#include "backends/lxc/pid_namespace.hpp"
#include "backends/lxc/rootfs.hpp"
#include "backends/lxc/user_namespace.hpp"
#include "backends/suite/slot_parts.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"

namespace issu::backends {
namespace {

using lxc::SlotFiles;

constexpr auto init_answers_within = std::chrono::seconds(2);
constexpr auto init_comes_up_within = std::chrono::seconds(10);
constexpr auto kill_within = std::chrono::seconds(2);
constexpr auto daemons_start_within = std::chrono::seconds(120);

/// What routing daemons never need. FRR asks for SYS_ADMIN at its start and ends without it.
constexpr const char* dropped_capabilities =
    "sys_module sys_rawio sys_time sys_boot sys_nice sys_pacct sys_tty_config mac_admin "
    "mac_override mknod audit_control audit_write syslog wake_alarm block_suspend "
    "linux_immutable lease setfcap";

std::string escaped(const std::filesystem::path& path) {
  std::string text;
  for (const char letter : path.string()) {
    text += letter == ' ' ? "\\040" : std::string(1, letter);
  }
  return text;
}

std::string bind_entry(const std::filesystem::path& from, std::string_view to,
                       const char* options) {
  return escaped(from) + " " + std::string(to.substr(1)) + " none " + options + " 0 0";
}

std::string note_of(const StagedPayload& payload) {
  return payload.version + "\n" + payload.file.string() + "\n";
}

/// The last lines of a daemon's log, for a message.
std::string tail(const std::filesystem::path& log) {
  auto text = read_file(log);
  if (!text || text->empty()) {
    return {};
  }
  while (!text->empty() && text->back() == '\n') {
    text->pop_back();
  }
  constexpr std::size_t enough = 400;
  const std::size_t from = text->size() > enough ? text->find('\n', text->size() - enough) : 0;
  return text->substr(from == std::string::npos ? text->size() - enough : from);
}

}  // namespace

lxc::Container LxcRouteProcessor::container(Slot slot) const {
  return lxc::Container("issu-" + spec_.name + "-" + name_of(slot), spec_.run_dir / "lxc");
}

std::string LxcRouteProcessor::label(Slot slot) const {
  return "slot " + std::string(name_of(slot)) + " of " + spec_.name;
}

lxc::ConfigItems LxcRouteProcessor::config(const SlotFiles& slot) const {
  lxc::ConfigItems items{
      {"lxc.rootfs.path", "dir:" + slot.rootfs().string()},
      {"lxc.uts.name", spec_.name},
      {"lxc.init.cmd", "/issu-init /issu"},
      {"lxc.namespace.share.net", NetNs::path_of(spec_.netns).string()},
      {"lxc.console.path", "none"},
      {"lxc.tty.max", "0"},
      {"lxc.mount.auto", "proc:mixed sys:ro"},
      {"lxc.signal.halt", "SIGTERM"},
      {"lxc.cap.drop", dropped_capabilities},
      {"lxc.log.file", slot.lxc_log().string()},
      {"lxc.log.level", "WARN"},
      {"lxc.mount.entry", bind_entry(slot.init(), "/issu", "bind,create=dir")},
      {"lxc.mount.entry", bind_entry(slot.config(), suite_.config_path, "bind,ro,create=dir")},
      {"lxc.mount.entry", bind_entry(slot.run(), suite_.run_path, "bind,create=dir")},
  };
  if (!suite_.state_path.empty()) {
    items.emplace_back("lxc.mount.entry", bind_entry(spec_.state_dir / "daemons", suite_.state_path,
                                                     "bind,create=dir"));
  }
  lxc::add_user_namespace(items, spec_);
  if (lxc::has_apparmor()) {
    items.emplace_back("lxc.apparmor.profile", "unconfined");
  }
  return items;
}

std::optional<lxc::InitStatus> LxcRouteProcessor::ask_init(Slot slot) const {
  auto status = lxc::InitClient(files(slot).control()).status(init_answers_within);
  return status ? std::optional(std::move(*status)) : std::nullopt;
}

Result<void> LxcRouteProcessor::check() {
  return lxc::check_host(spec_, suite_);
}

Result<void> LxcRouteProcessor::stage(Slot slot, const StagedPayload& payload) {
  const SlotFiles where = files(slot);
  const std::string note = note_of(payload);
  if (lxc::is_mounted(where.rootfs())) {
    const auto staged = read_file(where.payload_note());
    if (!staged || *staged != note) {
      return fail(label(slot) + " holds another payload", "unstage it first");
    }
  } else {
    ISSU_TRY(make_dirs(where.folder, 0755), "staging " + label(slot));
    ISSU_TRY(write_file_atomic(where.payload_note(), note), "staging " + label(slot));
    ISSU_TRY(lxc::mount_rootfs(spec_, where, payload.file), "staging " + label(slot));
  }
  ISSU_TRY(lxc::prepare_rootfs(suite_, where.rootfs()), "staging " + label(slot));
  return {};
}

Result<void> LxcRouteProcessor::boot(Slot slot) {
  const SlotFiles where = files(slot);
  if (!lxc::is_mounted(where.rootfs())) {
    return fail(label(slot) + " has no image", "stage one first");
  }
  if (!NetNs::exists(spec_.netns)) {
    return fail("the chassis " + spec_.netns + " is not up", "issu router up");
  }
  auto ours = container(slot);
  if (ours.init_pid() != 0 && ask_init(slot)) {
    return {};
  }
  // Whatever half of a container an earlier call left behind goes first.
  ISSU_TRY(ours.stop(), "booting " + label(slot));
  ISSU_TRY(lxc::remove_cgroups(ours.name()), "booting " + label(slot));
  ISSU_TRY(lxc::write_slot_files(spec_, suite_, where), "booting " + label(slot));
  ISSU_TRY(make_dirs(spec_.run_dir / "lxc", 0755), "booting " + label(slot));
  ISSU_TRY(lxc::give_files(spec_, suite_, where), "booting " + label(slot));
  ISSU_TRY(ours.start(config(where), where.lxc_log()), "booting " + label(slot));
  lxc::InitClient init(where.control());
  if (!wait_until([&] { return init.status(std::chrono::milliseconds(200)).has_value(); },
                  Deadline::in(init_comes_up_within), std::chrono::milliseconds(2))) {
    return fail("process 1 of " + label(slot) + " does not answer",
                "see " + where.lxc_log().string());
  }
  return {};
}

Result<void> LxcRouteProcessor::activate(Slot slot) {
  const SlotFiles where = files(slot);
  if (container(slot).init_pid() == 0) {
    return fail(label(slot) + " is not booted", "boot it first");
  }
  lxc::InitClient init(where.control());
  auto started = init.start(daemons_start_within);
  if (started) {
    return {};
  }
  Error error = std::move(started).error();
  const std::string daemon = error.what().substr(0, error.what().find(' '));
  const std::string said = tail(where.log_of(daemon));
  return pass(said.empty() ? std::move(error)
                           : Error(error.what() + "; it said: " + said, error.hint(), error.kind()),
              "activating " + label(slot));
}

Result<void> LxcRouteProcessor::fence(Slot slot) {
  auto ours = container(slot);
  const pid_t init_pid = ours.init_pid();
  if (init_pid == 0) {
    return {};
  }
  const auto killed = lxc::InitClient(files(slot).control()).kill(kill_within);
  if (killed && lxc::processes_beside(init_pid).empty()) {
    return {};
  }
  // Process 1 does not do it: with it goes every process of its namespace.
  ISSU_TRY(ours.stop(), "fencing " + label(slot));
  return boot(slot);
}

Result<void> LxcRouteProcessor::power_off(Slot slot) {
  auto ours = container(slot);
  ISSU_TRY(ours.stop(), "powering off " + label(slot));
  ISSU_TRY(lxc::remove_cgroups(ours.name()), "powering off " + label(slot));
  return {};
}

Result<void> LxcRouteProcessor::unstage(Slot slot) {
  const SlotFiles where = files(slot);
  if (container(slot).init_pid() != 0) {
    return fail(label(slot) + " is running", "power it off first");
  }
  ISSU_TRY(forget_saved(slot), "unstaging " + label(slot));
  ISSU_TRY(lxc::unmount_rootfs(where), "unstaging " + label(slot));
  ISSU_TRY(remove_tree(where.folder), "unstaging " + label(slot));
  if (!std::filesystem::exists(files(other(slot)).folder)) {
    const auto containers = spec_.run_dir / "lxc";
    ISSU_TRY(remove_tree(containers), "unstaging " + label(slot));
    lxc::Container::forget_folder(containers);
    // Goes only where nobody else keeps anything in it.
    ::rmdir(spec_.run_dir.c_str());
  }
  return {};
}

Result<SlotStatus> LxcRouteProcessor::status(Slot slot) {
  SlotStatus status;
  if (!lxc::is_mounted(files(slot).rootfs())) {
    return status;
  }
  status.power = SlotPower::staged;
  ISSU_TRY(container(slot).settle(), "looking at " + label(slot));
  status.saved = is_saved(slot);
  const pid_t init_pid = container(slot).init_pid();
  const auto said = init_pid == 0 ? std::nullopt : ask_init(slot);
  if (!said) {
    return status;
  }
  status.power = said->held ? SlotPower::booted : SlotPower::active;
  if (said->held) {
    return status;
  }
  const auto processes = lxc::processes_beside(init_pid);
  for (const lxc::InitDaemon& daemon : said->daemons) {
    const auto process = std::find_if(processes.begin(), processes.end(), [&](const auto& one) {
      return daemon.inner_pid != 0 && one.inner_pid == daemon.inner_pid;
    });
    DaemonStatus line;
    line.name = daemon.name;
    line.running = process != processes.end();
    line.pid = line.running ? process->host_pid : 0;
    line.exits = daemon.exits;
    line.last_end = daemon.last_end;
    line.memory = line.running ? lxc::memory_of(line.pid) : std::nullopt;
    status.daemons.push_back(std::move(line));
  }
  return status;
}

Result<void> LxcRouteProcessor::need_active(Slot slot) {
  const auto now = status(slot);
  if (!now) {
    return fail(now.error());
  }
  if (now->power != SlotPower::active) {
    return fail(label(slot) + " is not active", "activate it first");
  }
  return {};
}

Result<ControlPlaneView> LxcRouteProcessor::control_plane(Slot slot) {
  ISSU_TRY(need_active(slot), "asking the control plane");
  return suite_.view(files(slot).run(), spec_.daemons);
}

Result<std::optional<std::string>> LxcRouteProcessor::running_config(Slot slot) {
  ISSU_TRY(need_active(slot), "asking for the configuration");
  return suite_.running_config(files(slot).run());
}

Result<std::optional<std::vector<state_sync::Prefix>>> LxcRouteProcessor::routes(Slot slot) {
  ISSU_TRY(need_active(slot), "asking for the routes");
  return suite_.routes(files(slot).run(), spec_.daemons);
}

Result<std::unique_ptr<RouteProcessor>> make_lxc(const RouterSpec& spec) {
  auto suite = suite_of(spec);
  if (!suite) {
    return fail(std::move(suite).error());
  }
  return std::make_unique<LxcRouteProcessor>(spec, **suite);
}

}  // namespace issu::backends
