#pragma once

#include <cstdint>
#include <filesystem>

#include "issu/base/ns_holder.hpp"
#include "issu/base/result.hpp"

namespace issu {

/// A user namespace in which the ids 0 to 65,535 are as many ids of the host, from `first` on
/// (user_namespaces(7)). Kept alive by a bind mount on a file, it outlives every process in it.
class UserNs {
 public:
  static constexpr std::uint32_t ids = 65536;

  static bool exists(const std::filesystem::path& path) { return is_kept_ns(path); }
  /// Creates it; one that is there already with the same ids is fine, with others an error.
  static Result<void> create(const std::filesystem::path& path, std::uint32_t first);
  /// The namespace ends with its last user. One that is not there is fine.
  static Result<void> remove(const std::filesystem::path& path) { return forget_ns(path); }
  /// One that nothing keeps: it is there as long as its holder. With a network namespace of its own
  /// inside when `with_netns`.
  static Result<NsHolder> temporary(std::uint32_t first, bool with_netns = false);
  /// The host's id that is 0 in it.
  static Result<std::uint32_t> first_id(const std::filesystem::path& path);
  /// Whether another namespace (a file) belongs to it: only then its root may rule over that one.
  static Result<bool> owns(const std::filesystem::path& path, const std::filesystem::path& other);
};

}  // namespace issu
