#include "tests/checkpoint/criu_lab.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"

namespace issu::tests {
namespace {

template <typename T>
T must(Result<T> result) {
  if (!result) {
    throw std::runtime_error(result.error().message());
  }
  if constexpr (!std::is_void_v<T>) {
    return std::move(*result);
  }
}

ino_t pid_namespace(const std::string& pid) {
  struct stat status {};
  return ::stat(("/proc/" + pid + "/ns/pid").c_str(), &status) == 0 ? status.st_ino : 0;
}

/// All processes of the pid namespace of `init`, but `init` itself.
std::vector<pid_t> members(pid_t init) {
  const ino_t wanted = pid_namespace(std::to_string(init));
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ec == std::errc() &&
        pid != init && wanted != 0 && pid_namespace(name) == wanted) {
      found.push_back(pid);
    }
  }
  return found;
}

void wait_for_carrier(const std::string& netns, const std::string& link) {
  if (!wait_until(
          [&] {
            return must(run_checked({"ip", "-n", netns, "link", "show", "dev", link}))
                       .find("state UP") != std::string::npos;
          },
          Deadline::in(std::chrono::seconds(20)))) {
    throw std::runtime_error(link + " of " + netns + " has no carrier after 20 s");
  }
  // The state is set first and told afterwards, both under the lock that a change waits for.
  must(run_checked({"ip", "-n", netns, "link", "set", link, "up"}));
}

}  // namespace

std::string CriuLab::missing() {
  if (::geteuid() != 0) {
    return "root is needed for namespaces and CRIU";
  }
  const auto criu = checkpoint::locate_criu();
  return criu ? "" : criu.error().message();
}

CriuLab::CriuLab()
    : here_("criu-a-" + std::to_string(::getpid())),
      there_("criu-b-" + std::to_string(::getpid())),
      criu_(must(checkpoint::locate_criu())) {
  must(NetNs::create(here_));
  must(NetNs::create(there_));
  RunOptions options;
  options.input = "link add p0 type veth peer name q0 netns " + there_ +
                  "\naddr add 192.0.2.1/24 dev p0\naddr add 2001:db8::1/64 dev p0 nodad\n"
                  "link set p0 up\n";
  must(run_checked({"ip", "-n", here_, "-batch", "-"}, options));
  options.input =
      "addr add 192.0.2.2/24 dev q0\naddr add 2001:db8::2/64 dev q0 nodad\nlink set q0 up\n";
  must(run_checked({"ip", "-n", there_, "-batch", "-"}, options));
  // The kernel tells of a link's carrier up to a second later, to each socket that wants to hear of
  // links, and with NETLINK_LISTEN_ALL_NSID of the far end's, too: CRIU refuses one in which a
  // message waits.
  wait_for_carrier(here_, "p0");
  wait_for_carrier(there_, "q0");
}

CriuLab::~CriuLab() {
  for (const ProcessId& process : {init_, beside_}) {  // each takes its namespace with it
    static_cast<void>(send_signal(process, SIGKILL));
    wait_until([&] { return !is_alive(process); }, Deadline::in(std::chrono::seconds(5)));
  }
  static_cast<void>(NetNs::remove(here_));
  static_cast<void>(NetNs::remove(there_));
}

void CriuLab::start(const Argv& role) {
  const auto ready = folder_ / "ready";
  Argv argv = {"unshare",      "--pid",        "--fork",
               "--kill-child", "--mount-proc", ISSU_BIN_DIR "/checkpoint_actor",
               "init",         ready};
  argv.insert(argv.end(), role.begin(), role.end());
  SpawnOptions options;
  options.netns = NetNs::path_of(here_);
  options.log = folder_ / "actor.log";
  const ProcessId unshare = must(spawn_detached(argv, options));
  if (!wait_until([&] { return std::filesystem::exists(ready); },
                  Deadline::in(std::chrono::seconds(10)))) {
    static_cast<void>(send_signal(unshare, SIGKILL));
    throw std::runtime_error("the actor is not ready: " +
                             read_file(folder_ / "actor.log").value_or(""));
  }
  init_ = unshare;
}

void CriuLab::start_beside(const Argv& words) {
  Argv argv = {"unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--"};
  argv.insert(argv.end(), words.begin(), words.end());
  SpawnOptions options;
  options.netns = NetNs::path_of(there_);
  options.log = folder_ / "beside.log";
  beside_ = must(spawn_detached(argv, options));
}

/// Process 1 of the pid namespace: unshare's child.
pid_t CriuLab::first() const {
  const std::string pid = std::to_string(init_.pid);
  const auto children = read_file("/proc/" + pid + "/task/" + pid + "/children").value_or("");
  return children.empty() ? 0 : std::stoi(children);
}

std::vector<pid_t> CriuLab::actors() const {
  return members(first());
}

pid_t CriuLab::actor() const {
  const auto found = actors();
  return found.size() == 1 ? found.front() : 0;
}

Result<void> CriuLab::criu(const Argv& words) {
  Argv argv = {"nsenter", "-t", std::to_string(first()), "-m", "-p", "--", criu_.program};
  argv.insert(argv.end(), words.begin(), words.end());
  const std::filesystem::path images = folder_ / "images";
  ISSU_TRY(make_dirs(images), "");
  const Argv common = {"--images-dir",   images, "--tcp-established",
                       "--network-lock", "skip", "-v2"};
  argv.insert(argv.end(), common.begin(), common.end());
  RunOptions options;
  options.netns = NetNs::path_of(here_);
  auto said = run_checked(argv, options);
  return said ? Result<void>() : fail(std::move(said).error());
}

Result<void> CriuLab::dump(const Argv& more) {
  Argv argv = {"dump", "--tree", "2"};
  argv.insert(argv.end(), more.begin(), more.end());
  ISSU_TRY(criu(argv), "dumping");
  // Those that were killed keep their pids until they have been reaped.
  const bool stay = std::find(more.begin(), more.end(), "--leave-running") != more.end();
  if (!stay &&
      !wait_until([this] { return actors().empty(); }, Deadline::in(std::chrono::seconds(5)))) {
    return fail("what was dumped still runs");
  }
  return {};
}

Result<void> CriuLab::restore(const Argv& more) {
  Argv argv = {"restore", "--restore-detached"};
  argv.insert(argv.end(), more.begin(), more.end());
  return criu(argv);
}

}  // namespace issu::tests
