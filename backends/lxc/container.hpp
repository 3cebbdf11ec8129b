#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "issu/base/result.hpp"

namespace issu::backends::lxc {

using ConfigItems = std::vector<std::pair<std::string, std::string>>;

/// One container by name, through liblxc. It runs under a monitor process of its own, so it lives
/// on when we end; a later Container of the same name and folder finds it again.
class Container {
 public:
  /// `folder`: the lxcpath; part of the container's identity.
  Container(std::string name, std::filesystem::path folder)
      : name_(std::move(name)), folder_(std::move(folder)) {}

  /// Starts it in the background; returns when its process 1 runs. Running already is an error.
  Result<void> start(const ConfigItems& config, const std::filesystem::path& log);
  /// Ends process 1 and with it every process of the container; returns when nothing is left of
  /// it. Not running is fine.
  Result<void> stop();
  /// On the host; 0 when it does not run.
  [[nodiscard]] pid_t init_pid() const;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] static std::string library_version();

 private:
  std::string name_;
  std::filesystem::path folder_;
};

}  // namespace issu::backends::lxc
