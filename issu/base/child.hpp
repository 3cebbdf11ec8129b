#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "issu/base/clock.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu {

using Argv = std::vector<std::string>;

struct RunOptions {
  std::chrono::milliseconds timeout =
      std::chrono::seconds(30);  ///< then SIGKILL, ErrorKind::timeout
  std::string input;             ///< given on standard input
  std::filesystem::path netns;   ///< run inside this network namespace (a file), empty: ours
  std::vector<std::string> environment;  ///< "NAME=value", added to ours
  std::filesystem::path folder;          ///< working folder, empty: ours
  const Fd* stdin_file = nullptr;        ///< its standard input, in place of `input`
  const Fd* stdout_file = nullptr;       ///< its standard output; `out` stays empty
  /// For a program that reads what strangers wrote: it has no capability but that of reading files,
  /// as root too, and what it starts can't get any again.
  bool powerless = false;
};

struct RunOutput {
  int status = 0;  ///< exit code; 128 + signal when killed
  std::string out;
  std::string err;
};

/// Runs a program (looked up on PATH; never through a shell) to its end and gives back what it
/// said. It ends with the thread that runs it, where that is killed. An exit code other than 0 is
/// not an error here: see `run_checked`.
Result<RunOutput> run(const Argv& argv, const RunOptions& options = {});

/// The same; an exit code other than 0 is an error that quotes the last lines of what it said.
Result<std::string> run_checked(const Argv& argv, const RunOptions& options = {});

struct SpawnOptions {
  std::filesystem::path log;    ///< stdout and stderr, appended, 0600; empty: /dev/null
  std::filesystem::path netns;  ///< start inside this network namespace
  std::vector<std::string> environment;
  std::filesystem::path folder;
};

/// A process by pid and start time: a reused pid is not taken for it.
struct ProcessId {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  ///< field 22 of /proc/PID/stat
};

/// Starts a program that lives on when we end: own session, no controlling terminal, not our
/// child (so nobody has to wait for it). Returns when exec succeeded, or why it did not.
Result<ProcessId> spawn_detached(const Argv& argv, const SpawnOptions& options = {});

/// Whether exactly this process still runs (a zombie does not).
[[nodiscard]] bool is_alive(const ProcessId& process);
/// Fills in the start time of a running pid; start_ticks 0 when there is no such process.
[[nodiscard]] ProcessId identify(pid_t pid);
/// Sends a signal to exactly this process; one that is gone is fine.
Result<void> send_signal(const ProcessId& process, int signal);
/// SIGTERM, then SIGKILL when it still lives after `grace`. One that is gone is fine.
Result<void> end_process(const ProcessId& process, std::chrono::milliseconds grace);

}  // namespace issu
