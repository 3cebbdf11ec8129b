#pragma once

#include <string>

#include "checkpoint/archive/manifest.hpp"
#include "issu/cli/parts.hpp"

namespace issu::cli {

/// Routes kept in the kernel behind those of the daemons, while these learn again what sessions
/// that were dropped had brought them; lifted at the end of its life.
class KeptRoutes {
 public:
  explicit KeptRoutes(std::string netns) : netns_(std::move(netns)) {}
  KeptRoutes(const KeptRoutes&) = delete;
  KeptRoutes& operator=(const KeptRoutes&) = delete;
  ~KeptRoutes();
  Result<void> keep();
  Result<void> lift();

 private:
  std::string netns_;
  bool kept_ = false;
};

/// Waits until as many sessions as the manifest has are established, each neighbour has said all
/// that it had to say, and that has been so for as long as the router's tables have to be quiet.
/// Seconds until then; below 0 when it was not so in the time that the router gives a new side.
double wait_until_back(const Router& router, backends::Slot slot,
                       const archive::Manifest& manifest);

}  // namespace issu::cli
