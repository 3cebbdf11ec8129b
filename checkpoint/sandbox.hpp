#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "issu/base/result.hpp"

namespace issu::checkpoint {

/// A trial of a checkpoint program: pid, mount and network namespaces of its own, in them one
/// process to work on (the victim: it sleeps and holds a UDP socket as descriptor 3), and
/// commands that are run one after the other. /run is an empty tmpfs there.
struct Sandbox {
  static constexpr pid_t victim_pid = 2;                ///< in the sandbox's pid namespace
  static constexpr const char* images = "/run/images";  ///< an empty folder there

  enum class Victim { alive, gone };
  struct Step {
    std::string name;
    std::vector<std::string> argv;  ///< argv[0] absolute
    Victim afterwards;              ///< what has to be true of the victim when it ended
  };
  std::vector<Step> steps;
};

struct SandboxOutcome {
  std::string failed_step;  ///< empty when all went well
  std::string reason;       ///< "ended with 1", "the victim is not there"
  std::string log;          ///< what the commands said
};

/// Runs the steps until one fails. An error when the sandbox itself could not be made (root is
/// needed) or when `timeout` passed; everything in it has ended when this returns.
Result<SandboxOutcome> run_in_sandbox(const Sandbox& sandbox, std::chrono::milliseconds timeout);

}  // namespace issu::checkpoint
