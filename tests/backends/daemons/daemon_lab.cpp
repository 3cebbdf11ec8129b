#include "tests/backends/daemons/daemon_lab.hpp"

#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"

namespace issu::test {
namespace {

void must(const Result<void>& result) {
  if (!result) {
    throw std::runtime_error(result.error().message());
  }
}

void must_run(const Argv& argv, const RunOptions& options = {}) {
  if (auto output = run_checked(argv, options); !output) {
    throw std::runtime_error(output.error().message());
  }
}

/// FRR drops its privileges: its user has to own what it writes.
void give_to_frr(const std::filesystem::path& path) {
  const passwd* user = ::getpwnam("frr");
  if (user == nullptr || ::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) {
    throw std::runtime_error("giving " + path.string() + " to the user frr");
  }
}

}  // namespace

std::string DaemonLab::missing() {
  if (::geteuid() != 0) {
    return "root is needed for network namespaces";
  }
  for (const char* program : {"/usr/lib/frr/bgpd", "/usr/lib/frr/zebra", "/usr/sbin/bird"}) {
    if (::access(program, X_OK) != 0) {
      return std::string(program) + " is not installed";
    }
  }
  return {};
}

DaemonLab::DaemonLab() : folder_("/tmp/issu-t" + std::to_string(::getpid())) {
  must(remove_tree(folder_));
  must(make_dirs(folder_, 0755));
  ::chmod(folder_.c_str(), 0755);
  give_to_frr(folder_);
}

DaemonLab::~DaemonLab() {
  for (const auto& [what, process] : processes_) {
    static_cast<void>(send_signal(process, SIGKILL));
    wait_until([&] { return !is_alive(process); }, Deadline::in(std::chrono::seconds(2)));
  }
  for (const std::string& name : namespaces_) {
    static_cast<void>(NetNs::remove(name));
  }
  static_cast<void>(remove_tree(folder_));
}

std::string DaemonLab::full(const std::string& name) const {
  return "t" + std::to_string(::getpid()) + "-" + name;
}

std::string DaemonLab::netns(const std::string& name) {
  const std::string whole = full(name);
  if (std::find(namespaces_.begin(), namespaces_.end(), whole) == namespaces_.end()) {
    namespaces_.push_back(whole);
    must(NetNs::create(whole));
  }
  return whole;
}

void DaemonLab::ip(const std::string& name, const std::string& words) {
  Argv argv{"ip", "-n", netns(name)};
  std::istringstream stream(words);
  for (std::string word; stream >> word;) {
    argv.push_back(word);
  }
  must_run(argv);
}

void DaemonLab::sysctl(const std::string& name, const std::string& key, const std::string& value) {
  RunOptions options;
  options.netns = NetNs::path_of(netns(name));
  must_run({"sysctl", "-q", "-w", key + "=" + value}, options);
}

void DaemonLab::link(const std::string& left, const std::string& left_port,
                     const std::vector<std::string>& left_addresses, const std::string& right,
                     const std::string& right_port,
                     const std::vector<std::string>& right_addresses) {
  ip(left,
     "link add " + left_port + " type veth peer name " + right_port + " netns " + netns(right));
  const auto raise = [this](const std::string& name, const std::string& port,
                            const std::vector<std::string>& addresses) {
    for (const std::string& address : addresses) {
      const bool ipv6 = address.find(':') != std::string::npos;
      ip(name, "addr add " + address + " dev " + port + (ipv6 ? " nodad" : ""));
    }
    ip(name, "link set dev " + port + " up");
  };
  raise(left, left_port, left_addresses);
  raise(right, right_port, right_addresses);
}

void DaemonLab::start(const std::string& what, const Argv& argv, const std::string& in) {
  SpawnOptions options;
  options.log = folder_ / (what + ".out");
  options.netns = NetNs::path_of(netns(in));
  auto process = spawn_detached(argv, options);
  if (!process) {
    throw std::runtime_error(process.error().message());
  }
  processes_[what] = *process;
}

void DaemonLab::start_bird(const std::string& name, const std::string& config,
                           const Argv& options) {
  const auto file = folder_ / (name + ".conf");
  must(write_file_atomic(file,
                         "log \"" + log(name).string() +
                             "\" all;\n"
                             "timeformat log iso long ms;\ntimeformat protocol iso long ms;\n" +
                             config));
  Argv argv{"bird", "-f", "-c", file, "-s", control(name), "-P", folder_ / (name + ".pid")};
  argv.insert(argv.end(), options.begin(), options.end());
  start(name, argv, name);
}

void DaemonLab::start_frr(const std::string& name, const std::string& daemon,
                          const std::string& config, const Argv& options) {
  const auto file = folder_ / (daemon + ".conf");
  must(write_file_atomic(file, config));
  give_to_frr(file);
  const std::string folder = folder_.string();
  Argv argv{"/usr/lib/frr/" + daemon,
            "--vty_socket",
            folder,
            "-z",
            folder + "/zserv.api",
            "-i",
            folder + "/" + daemon + ".pid",
            "-f",
            file,
            "--log",
            "file:" + folder + "/" + daemon + ".log"};
  argv.insert(argv.end(), options.begin(), options.end());
  start(daemon, argv, name);
  const auto vty = folder_ / (daemon + ".vty");
  if (!wait_until([&] { return std::filesystem::exists(vty); },
                  Deadline::in(std::chrono::seconds(10)))) {
    throw std::runtime_error(daemon + " did not come up");
  }
}

void DaemonLab::kill(const std::string& what) {
  const ProcessId victim = processes_.at(what);
  must(send_signal(victim, SIGKILL));
  wait_until([&] { return !is_alive(victim); }, Deadline::in(std::chrono::seconds(5)));
}

}  // namespace issu::test
