#include "backends/lxc/container.hpp"

#include <fcntl.h>
#include <lxc/lxccontainer.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "backends/lxc/process_tree.hpp"
#include "checkpoint/criu.hpp"
#include "checkpoint/criu_hook.hpp"
#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"

namespace issu::backends::lxc {
namespace {

struct Put {
  void operator()(lxc_container* container) const { lxc_container_put(container); }
};
using Handle = std::unique_ptr<lxc_container, Put>;

Result<Handle> open(const std::string& name, const std::filesystem::path& folder) {
  Handle handle(lxc_container_new(name.c_str(), folder.c_str()));
  if (!handle) {
    return fail("liblxc does not give the container " + name, "is its name a valid one?");
  }
  return handle;
}

Result<void> configure(lxc_container& container, const ConfigItems& config) {
  container.clear_config(&container);
  for (const auto& [key, value] : config) {
    if (!container.set_config_item(&container, key.c_str(), value.c_str())) {
      return fail("liblxc refuses " + key + " = " + value, "is liblxc 4.0 or newer installed?");
    }
  }
  return {};
}

/// The last error that liblxc wrote down.
std::string last_error(const std::filesystem::path& log) {
  auto text = read_file(log);
  if (!text) {
    return "no log";
  }
  const auto at = text->rfind(" ERROR ");
  if (at == std::string::npos) {
    return "see " + log.string();
  }
  std::string line = text->substr(at + 7, text->find('\n', at) - at - 7);
  const auto word = line.find_first_not_of(' ');
  return word == std::string::npos ? line : line.substr(word);
}

}  // namespace

std::string Container::library_version() {
  return lxc_get_version();
}

Result<Fd> Container::lock() const {
  Fd fd(::open((folder_ / (name_ + ".lock")).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) {
    return fail_errno("opening the lock of the container " + name_);
  }
  if (!wait_until([&] { return ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0; },
                  Deadline::in(std::chrono::seconds(30)), std::chrono::milliseconds(2))) {
    return fail("another process is starting or stopping the container " + name_, "wait for it");
  }
  return fd;
}

Result<void> Container::settle() const {
  if (!std::filesystem::exists(folder_)) {
    return {};
  }
  auto held = lock();
  return held ? Result<void>{} : fail(std::move(held).error());
}

Result<void> Container::start_here(const ConfigItems& config,
                                   const std::filesystem::path& log) const {
  auto handle = open(name_, folder_);
  if (!handle) {
    return fail(std::move(handle).error());
  }
  lxc_container& container = **handle;
  ISSU_TRY(configure(container, config), "");
  container.want_daemonize(&container, true);
  container.want_close_all_fds(&container, true);
  if (!container.start(&container, 0, nullptr)) {
    return fail("the container " + name_ + " did not start: " + last_error(log),
                "more in " + log.string());
  }
  return {};
}

Result<void> Container::start(const ConfigItems& config, const std::filesystem::path& log) {
  auto held = lock();
  if (!held) {
    return fail(std::move(held).error());
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return fail_errno("making a pipe");
  }
  Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  // liblxc moves the process that calls it into the container's monitor group, for good. The
  // child shares the lock: when we are killed, the next caller still waits for the start to end.
  const pid_t child = ::fork();
  if (child < 0) {
    return fail_errno("forking to start the container " + name_);
  }
  if (child == 0) {
    std::string said;
    if (auto started = start_here(config, log); !started) {
      said = started.error().what();
    }
    const bool told = ::write(write_end.get(), said.data(), said.size()) >= 0;
    ::_exit(said.empty() && told ? 0 : 1);
  }
  write_end.reset();
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    return {};
  }
  char said[1024];
  const ssize_t count = ::read(read_end.get(), said, sizeof said);
  return fail(count > 0 ? std::string(said, static_cast<std::size_t>(count))
                        : "the container " + name_ + " did not start",
              "more in " + log.string());
}

int Container::migrate_here(Move move, const ConfigItems& config, const CriuCall& call) const {
  // The monitor of a restored container lives on with what it inherits: nothing but the namespace,
  // neither the lock nor a terminal. dup2: without O_CLOEXEC, for CRIU.
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int standard : {0, 1, 2}) {
    ::dup2(null.get(), standard);
  }
  const Fd netns(::open(call.netns.c_str(), O_RDONLY | O_CLOEXEC));
  if (!netns || ::dup2(netns.get(), CriuCall::inherited_netns) < 0 ||
      ::close_range(3, CriuCall::inherited_netns - 1, 0) != 0 ||
      ::close_range(CriuCall::inherited_netns + 1, ~0U, 0) != 0) {
    return 2;
  }
  for (const std::string& variable : call.environment) {
    ::putenv(const_cast<char*>(variable.c_str()));
  }
  ::setenv("CRIU_CONFIG_FILE", call.options.c_str(), 1);
  auto handle = open(name_, folder_);
  if (!handle || !configure(**handle, config)) {
    return 3;
  }
  std::string images = call.images.string();
  migrate_opts options{};
  options.directory = images.data();
  options.stop = move == Move::dump;
  options.preserves_inodes = true;  // the alternative searches the whole file system
  lxc_container& container = **handle;
  return container.migrate(&container, move == Move::restore ? MIGRATE_RESTORE : MIGRATE_DUMP,
                           &options, sizeof options) == 0
             ? 0
             : 1;
}

Result<void> Container::migrate(Move move, const ConfigItems& config, const CriuCall& call,
                                const std::function<Result<void>(pid_t)>& waits) {
  auto held = lock();
  if (!held) {
    return fail(std::move(held).error());
  }
  // Two processes: the outer one holds the lock, also when we are killed, until the inner one is
  // done; what the inner one leaves behind (a monitor) holds nothing.
  const pid_t outer = ::fork();
  if (outer < 0) {
    return fail_errno("forking for the container " + name_);
  }
  if (outer == 0) {
    ::setsid();
    // Nothing but the lock: whoever asks us must find out when we are gone.
    ::close_range(3, static_cast<unsigned>(held->get()) - 1, 0);
    ::close_range(static_cast<unsigned>(held->get()) + 1, ~0U, 0);
    const pid_t inner = ::fork();
    if (inner == 0) {
      ::_exit(migrate_here(move, config, call));
    }
    int status = 0;
    while (inner > 0 && ::waitpid(inner, &status, 0) < 0 && errno == EINTR) {
    }
    ::_exit(inner > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 4);
  }
  auto waited = waits(outer);
  const bool hangs = !waited && waited.error().kind() == ErrorKind::timeout &&
                     !wait_for_end(outer, Deadline::in(std::chrono::nanoseconds(0)));
  if (hangs) {
    end_tree(outer);
  }
  int status = 0;
  while (::waitpid(outer, &status, 0) < 0 && errno == EINTR) {
  }
  const std::string what = move == Move::restore ? "restore" : "dump";
  // The images go when an upgrade goes back; what CRIU said has to outlive them.
  const auto log = folder_ / (name_ + "." + what + ".log");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    std::error_code ignored;
    std::filesystem::remove(log, ignored);  // of a try before this one
    return {};
  }
  const std::string failed = "the container " + name_ + " could not be " +
                             (move == Move::restore ? "restored: " : "dumped: ");
  const std::string text = read_file(call.images / (what + ".log")).value_or("");
  const bool kept = write_file_atomic(log, text, 0600).has_value();
  const std::string more = (kept ? log.string() + " and " : "") + call.log.string();
  if (hangs) {
    return fail(failed + "CRIU did not end within " +
                    std::to_string(std::chrono::ceil<std::chrono::seconds>(call.within).count()) +
                    " s, and was ended",
                "how far it came is in " + more, ErrorKind::timeout);
  }
  ISSU_TRY(std::move(waited), "");
  const std::string said = checkpoint::criu_reasons(text);
  return fail(failed + (said.empty() ? last_error(call.log) : said), "more in " + more);
}

Result<void> Container::dump(const ConfigItems& config, const CriuCall& call, bool run_on,
                             const std::function<Result<void>()>& before_freeze) {
  auto hook = checkpoint::CriuHook::open(call.hook);
  if (!hook) {
    return fail(std::move(hook).error());
  }
  CriuCall hooked = call;
  hooked.environment = hook->environment(call.environment.front(), call.version);
  return migrate(run_on ? Move::dump_and_run_on : Move::dump, config, hooked, [&](pid_t process) {
    return hook->serve(process, Deadline::in(call.within), before_freeze);
  });
}

Result<void> Container::restore(const ConfigItems& config, const CriuCall& call) {
  auto hook = checkpoint::CriuHook::open(call.hook);
  if (!hook) {
    return fail(std::move(hook).error());
  }
  CriuCall hooked = call;
  hooked.environment = hook->environment(call.environment.front(), call.version);
  return migrate(Move::restore, config, hooked,
                 [&](pid_t process) { return wait_for_end(process, Deadline::in(call.within)); });
}

pid_t Container::init_pid() const {
  auto handle = open(name_, folder_);
  if (!handle || !(*handle)->is_running(handle->get())) {
    return 0;
  }
  return std::max((*handle)->init_pid(handle->get()), 0);
}

Result<void> Container::stop() {
  if (!std::filesystem::exists(folder_)) {
    return {};
  }
  auto handle = open(name_, folder_);
  if (!handle) {
    return fail(std::move(handle).error());
  }
  auto held = lock();
  if (!held) {
    return fail(std::move(held).error());
  }
  lxc_container& container = **handle;
  const auto stopped = [&] { return std::string_view(container.state(&container)) == "STOPPED"; };
  if (stopped()) {
    return {};
  }
  const ProcessId init = identify(init_pid());
  container.stop(&container);
  // liblxc's own word is not enough: the process has to be gone.
  ISSU_TRY(end_process(init, std::chrono::milliseconds(0)), "stopping the container " + name_);
  if (!wait_until(stopped, Deadline::in(std::chrono::seconds(10)))) {
    return fail("the container " + name_ + " does not stop",
                "look for its monitor, `[lxc monitor] " + folder_.string() + "`");
  }
  return {};
}

void Container::forget_folder(const std::filesystem::path& folder) {
  const std::filesystem::path locks = "/run/lxc/lock";
  std::error_code error;
  auto path = locks / folder.relative_path();
  std::filesystem::remove_all(path, error);
  // The folders above it go as far as they are empty: another router has its own in them.
  for (path = path.parent_path();
       path != "/run" && std::filesystem::is_empty(path, error) && !error;
       path = path.parent_path()) {
    std::filesystem::remove(path, error);
  }
}

}  // namespace issu::backends::lxc
