#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "issu/base/result.hpp"

namespace issu::backends::lxc {

/// What a dump of a container's processes needs around it: the packets of their sessions held
/// back, and what CRIU forgets or can't dump written down and undone; afterwards all of it given
/// back to whatever runs then. The document lies beside the images; the lock is in the kernel, and
/// ends by itself after `longest_hold`.
class Conditions {
 public:
  /// `netns`: the name of the chassis' namespace; `owner`: of the lock.
  Conditions(std::filesystem::path document, std::string netns, std::string owner)
      : document_(std::move(document)), netns_(std::move(netns)), owner_(std::move(owner)) {}

  /// Before the dump. On an error everything is as it was.
  Result<void> take(pid_t init_pid);
  /// Leaves it to `give_back` to give again what it has given before: to other processes, which
  /// were restored from the same state.
  Result<void> expect_again();
  /// After the restore, or when there was none: to the processes that were there before. Does
  /// nothing where nothing was taken, or was given back already. The packets pass in any case.
  Result<void> give_back(pid_t init_pid);
  /// Lets the packets through when nobody is left to give anything back to.
  Result<void> let_through();

 private:
  [[nodiscard]] std::filesystem::path given() const {
    return document_.parent_path() / "conditions.given";
  }

  std::filesystem::path document_;
  std::string netns_;
  std::string owner_;
};

}  // namespace issu::backends::lxc
