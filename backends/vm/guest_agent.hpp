#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "backends/vm/hypervisor.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::vm {

/// What a program in a guest did.
struct GuestRun {
  int exit_code = 0;  ///< 128 and the signal when it was killed
  std::string output;
  std::string errors;
};

/// Runs programs in a guest through its QEMU guest agent (`guest-exec`,
/// https://qemu.readthedocs.io/en/latest/interop/qemu-ga-ref.html): no network is needed.
class GuestAgent {
 public:
  /// Refers to the hypervisor, which has to live longer.
  GuestAgent(Hypervisor& hypervisor, std::string domain)
      : hypervisor_(hypervisor), domain_(std::move(domain)) {}

  /// Whether it answers within `timeout`; a guest that boots takes its time.
  Result<void> wait(std::chrono::seconds timeout);
  /// `argv[0]` is a path in the guest. The agent keeps at most 16 MiB of what the program says.
  Result<GuestRun> run(const std::vector<std::string>& argv, std::chrono::seconds timeout);
  /// Starts it and does not wait: for what ends the system that it runs on. Its pid in the guest.
  Result<int> begin(const std::vector<std::string>& argv);

 private:
  Hypervisor& hypervisor_;
  std::string domain_;
};

}  // namespace issu::backends::vm
