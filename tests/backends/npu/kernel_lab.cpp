#include "tests/backends/npu/kernel_lab.hpp"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <sstream>

#include "state-sync/fib_client.hpp"

namespace issu::backends {
namespace {

std::string own_name(const char* what) {
  static std::atomic<int> counter{0};
  return std::string("npu") + what + std::to_string(::getpid()) + "-" + std::to_string(counter++);
}

}  // namespace

bool is_root() {
  return ::geteuid() == 0;
}

KernelLab::KernelLab() : peer_(own_name("p")) {
  REQUIRE(NetNs::create(peer_));
  router_.name = "lab";
  router_.state_dir = dir_ / "state";
  router_.run_dir = dir_ / "run";
  router_.netns = own_name("c");
  PortSpec port;
  port.name = "p0";
  port.addresses = {"192.0.2.1/24", "2001:db8::1/64"};
  port.peer_netns = peer_;
  port.peer_name = "q0";
  router_.ports.push_back(port);
}

KernelLab::~KernelLab() {
  if (auto npu = make_kernel_npu(router_)) {
    if (auto down = (*npu)->down(); !down) {
      MESSAGE(down.error().message());
    }
  }
  if (auto removed = NetNs::remove(peer_); !removed) {
    MESSAGE(removed.error().message());
  }
}

std::unique_ptr<Npu> KernelLab::make(const KernelNpuOptions& options) const {
  return std::move(make_kernel_npu(router_, options).value());
}

void KernelLab::ip(const std::string& lines) const {
  RunOptions options;
  options.input = lines;
  const auto output = run({"ip", "-n", router_.netns, "-force", "-batch", "-"}, options);
  REQUIRE(output);
  INFO(output->err);
  CHECK(output->status == 0);
}

std::string KernelLab::shown(std::vector<std::string> words) const {
  words.insert(words.begin(), {"ip", "-n", router_.netns});
  return run_checked(words).value();
}

void KernelLab::install(const std::vector<state_sync::Prefix>& routes, int side) const {
  std::string lines;
  for (const auto& prefix : routes) {
    lines += "route replace " + prefix.text() + " via " +
             (prefix.family == 4 ? "192.0.2." : "2001:db8::") + std::to_string(2 + side) +
             " proto 186 metric 20\n";
  }
  ip(lines);
}

void KernelLab::withdraw(const std::vector<state_sync::Prefix>& routes) const {
  std::string lines;
  for (const auto& prefix : routes) {
    lines += "route delete " + prefix.text() + " proto 186 metric 20\n";
  }
  ip(lines);
}

std::uint64_t KernelLab::count() const {
  std::uint64_t count = 0;
  for (const char* family : {"-4", "-6"}) {
    std::istringstream lines(
        run_checked({"ip", "-n", router_.netns, family, "route", "show", "proto", "186"}).value());
    for (std::string line; std::getline(lines, line);) {
      count += line.empty() || line.front() == '\t' ? 0U : 1U;
    }
  }
  return count;
}

ProcessId KernelLab::tracker() const {
  return state_sync::FibClient(state_sync::FibFiles{router_.run_dir}).server();
}

contract::NpuLab KernelLab::contract_lab() const {
  contract::NpuLab lab;
  lab.make = [this] { return make(); };
  lab.install = [this](const auto& routes, int side) { install(routes, side); };
  lab.withdraw = [this](const auto& routes) { withdraw(routes); };
  lab.count = [this] { return count(); };
  lab.kill_watcher = [this] {
    const ProcessId process = tracker();
    REQUIRE(process.pid != 0);
    REQUIRE(send_signal(process, SIGKILL));
    REQUIRE(wait_until([&] { return !is_alive(process); }, Deadline::in(std::chrono::seconds(5))));
  };
  return lab;
}

}  // namespace issu::backends
