#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "issu/base/fd.hpp"
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
  /// Removes the lock files that liblxc leaves for a folder of containers. None may run in it.
  static void forget_folder(const std::filesystem::path& folder);
  /// On the host; 0 when it does not run.
  [[nodiscard]] pid_t init_pid() const;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] static std::string library_version();

 private:
  /// Held by whoever starts or stops it.
  [[nodiscard]] Result<Fd> lock() const;
  Result<void> start_here(const ConfigItems& config, const std::filesystem::path& log) const;

  std::string name_;
  std::filesystem::path folder_;
};

}  // namespace issu::backends::lxc
