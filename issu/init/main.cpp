/// Process 1 of a route processor's container: holds the routing daemons until told to start.
///
///     issu-init FOLDER
///
/// FOLDER/daemons is the daemon list, FOLDER/ctl the socket it listens on, FOLDER/log the daemons'
/// output. In a virtual machine, where the host does not see the sockets, the same program is
///
///     issu-init ask SOCKET COMMAND     what process 1 answers
///     issu-init relay DEVICE SOCKET    a socket of a daemon, on a virtio-serial port
///     issu-init feed DEVICE PORT       zebra's FPM connection, on a virtio-serial port
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "issu/base/file.hpp"
#include "issu/init/control.hpp"
#include "issu/init/feed.hpp"
#include "issu/init/plan.hpp"
#include "issu/init/relay.hpp"
#include "issu/init/supervisor.hpp"

namespace {

using issu::Result;

/// Reads what is pending; whether one of them asks us to end.
bool end_asked(int signals) {
  signalfd_siginfo info{};
  bool end = false;
  while (::read(signals, &info, sizeof info) == sizeof info) {
    end = end || info.ssi_signo != SIGCHLD;
  }
  return end;
}

Result<void> live(const std::filesystem::path& folder) {
  auto text = issu::read_file(folder / "daemons", 1U << 20U);
  if (!text) {
    return issu::fail(std::move(text).error());
  }
  auto plan = issu::init::parse_plan(*text);
  if (!plan) {
    return issu::fail(std::move(plan).error());
  }
  ISSU_TRY(issu::make_dirs(folder / "log", 0755), "making the log folder");

  sigset_t watched;
  sigemptyset(&watched);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGPWR, SIGHUP}) {
    sigaddset(&watched, number);
  }
  sigprocmask(SIG_BLOCK, &watched, nullptr);
  const issu::Fd signals(signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!signals) {
    return issu::fail_errno("making a signalfd");
  }
  issu::init::Supervisor supervisor(std::move(*plan), folder / "log");
  auto control = issu::init::Control::listen(folder / "ctl");
  if (!control) {
    return issu::fail(std::move(control).error());
  }
  while (true) {
    std::vector<pollfd> polled{{signals.get(), POLLIN, 0}};
    for (const int fd : control->watched()) {
      polled.push_back({fd, POLLIN, 0});
    }
    ::poll(polled.data(), polled.size(), supervisor.wait_ms());
    if (end_asked(signals.get()) || !control->serve(supervisor)) {
      supervisor.kill_all();
      return {};
    }
    supervisor.step();
    control->answer_starts(supervisor);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view word = argc == 4 ? argv[1] : "";
  if (word == "relay") {
    auto ended = issu::init::relay(argv[2], argv[3]);
    std::fprintf(stderr, "issu-init: %s\n", ended.error().message().c_str());
    return 1;
  }
  if (word == "feed") {
    auto ended = issu::init::feed(argv[2], static_cast<std::uint16_t>(std::atoi(argv[3])));
    std::fprintf(stderr, "issu-init: %s\n", ended.error().message().c_str());
    return 1;
  }
  if (word == "ask") {
    auto answer = issu::init::ask(argv[2], argv[3]);
    std::fputs(answer ? answer->c_str() : answer.error().message().c_str(),
               answer ? stdout : stderr);
    return answer ? 0 : 1;
  }
  if (argc != 2 || getpid() != 1) {
    std::fputs("usage: issu-init FOLDER, as process 1 of a container\n", stderr);
    return 2;
  }
  if (auto result = live(argv[1]); !result) {
    std::fprintf(stderr, "issu-init: %s\n", result.error().message().c_str());
    return 1;
  }
  return 0;
}
