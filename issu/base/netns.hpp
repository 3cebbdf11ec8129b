#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "issu/base/result.hpp"

namespace issu {

/// A network namespace kept alive by a bind mount under /run/netns (the convention of
/// `ip netns`): it outlives every process that runs in it.
class NetNs {
 public:
  /// Where the namespace of this name is, or would be.
  static std::filesystem::path path_of(const std::string& name);
  static bool exists(const std::string& name);
  /// Creates it (with its loopback up); one that is there already is fine. With `owner` (a user
  /// namespace, a file) it belongs to that: the owner's root may rule over it. One that is there
  /// and belongs to another is an error.
  static Result<void> create(const std::string& name, const std::filesystem::path& owner = {});
  /// Takes the name away; the namespace ends with its last user. One that is not there is fine.
  static Result<void> remove(const std::string& name);
  /// Runs `work` on a thread of its own inside the namespace and waits for it: sockets that it
  /// opens belong to the namespace for good. The calling thread never changes namespaces.
  static Result<void> inside(const std::filesystem::path& netns,
                             const std::function<Result<void>()>& work);
};

}  // namespace issu
