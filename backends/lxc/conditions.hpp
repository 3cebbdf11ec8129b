#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "issu/base/result.hpp"

namespace issu::backends::lxc {

/// What a dump of a container's processes needs around it: the packets of their sessions held
/// back, and what CRIU forgets or can't dump written down and undone; afterwards all of it given
/// back to whatever runs then. The document lies beside the images.
class Conditions {
 public:
  /// `netns`: the name of the chassis' namespace.
  Conditions(std::filesystem::path document, std::string netns)
      : document_(std::move(document)), netns_(std::move(netns)) {}

  /// Before the dump. On an error everything is as it was.
  Result<void> take(pid_t init_pid);
  /// After the restore, or when there was none: the same processes. Does nothing where nothing was
  /// taken. Can be repeated.
  Result<void> give_back(pid_t init_pid);
  /// Lets the packets through when nobody is left to give anything back to.
  Result<void> let_through();

 private:
  std::filesystem::path document_;
  std::string netns_;
};

}  // namespace issu::backends::lxc
