#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "issu/base/fd.hpp"
#include "tests/backends/daemons/daemon_lab.hpp"

namespace issu::test {

/// A tun interface in a namespace whose packets come back to it after a while: what a router sends
/// this way arrives late, each packet once and in order among its like.
class Detour {
 public:
  Detour(DaemonLab& lab, const std::string& in, const std::string& interface,
         std::chrono::milliseconds hold);
  ~Detour();
  Detour(const Detour&) = delete;
  Detour& operator=(const Detour&) = delete;

 private:
  void run();

  Fd tun_;
  std::chrono::milliseconds hold_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace issu::test
