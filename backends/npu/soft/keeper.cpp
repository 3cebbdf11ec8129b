#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "backends/npu/soft/npud_process.hpp"
#include "issu/base/clock.hpp"

namespace issu::backends::soft {
namespace {

constexpr MonoNs first_wait = 20'000'000;
constexpr MonoNs longest_wait = 5'000'000'000;
/// One that lived so long did not die of its start.
constexpr MonoNs lived_well = 10'000'000'000;

pid_t start(const Argv& words) {
  const pid_t child = ::fork();
  if (child != 0) {
    return child;
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  std::vector<char*> argv;
  for (const std::string& word : words) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

void say(const char* what, int number) {
  std::fprintf(stderr, "issu-npud keeper: %s %d\n", what, number);
}

}  // namespace

int keep_npud(const Argv& npud, const NpudFiles& files) {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int each : {SIGTERM, SIGINT, SIGCHLD}) {
    ::sigaddset(&signals, each);
  }
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  Argv words = npud;
  MonoNs wait = first_wait;
  for (;;) {
    const MonoNs began = mono_now();
    const pid_t child = start(words);
    if (child < 0) {
      say("fork failed, errno", errno);
      return 1;
    }
    if (auto kept = remember_keeper(files, identify(::getpid())); !kept) {
      std::fprintf(stderr, "issu-npud keeper: %s\n", kept.error().message().c_str());
    }
    bool asked_to_end = false;
    int status = 0;
    while (::waitpid(child, &status, WNOHANG) == 0) {
      siginfo_t info{};
      if (::sigwaitinfo(&signals, &info) == SIGTERM || info.si_signo == SIGINT) {
        asked_to_end = true;
        ::kill(child, SIGTERM);
      }
    }
    if (asked_to_end || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
      return 0;
    }
    say(WIFSIGNALED(status) ? "npud was ended by signal" : "npud ended with",
        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    // A new one finds the tables; only the first of all may have been told to take over.
    words = {npud.front(), files.folder.string()};
    // The first time at once: packets may be waiting.
    wait = mono_now() - began > lived_well ? 0 : std::clamp(wait * 2, first_wait, longest_wait);
    if (wait == 0) {
      continue;
    }
    timespec time{wait / 1'000'000'000, wait % 1'000'000'000};
    siginfo_t info{};
    sigset_t ending;
    ::sigemptyset(&ending);
    ::sigaddset(&ending, SIGTERM);
    if (::sigtimedwait(&ending, &info, &time) == SIGTERM) {
      return 0;
    }
  }
}

}  // namespace issu::backends::soft
