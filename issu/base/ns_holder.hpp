#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>

#include "issu/base/result.hpp"

namespace issu {

/// A child process that has gone into namespaces, or made some, and stays there: they live as long
/// as it does, or as something else holds them. User namespaces need this: a process with more
/// than one thread can neither make nor enter one.
class NsHolder {
 public:
  /// Runs `work` in the child; it gives back 0 or what errno was. It must not allocate: this
  /// process may have other threads. `what` names it in errors.
  static Result<NsHolder> start(const std::string& what, const std::function<int()>& work);
  NsHolder(NsHolder&& other) noexcept;
  NsHolder& operator=(NsHolder&&) = delete;
  /// Ends the child.
  ~NsHolder();

  /// Its namespace of a kind: "user", "net".
  [[nodiscard]] std::filesystem::path ns(const std::string& kind) const;
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Mounts that namespace on a file, which is made where it is not there: it outlives the child.
  Result<void> keep(const std::string& kind, const std::filesystem::path& path) const;

 private:
  explicit NsHolder(pid_t pid) : pid_(pid) {}
  pid_t pid_ = 0;
};

/// Whether a kept namespace is mounted on this path.
[[nodiscard]] bool is_kept_ns(const std::filesystem::path& path);
/// Takes the mount and its file away; what is gone already is fine.
Result<void> forget_ns(const std::filesystem::path& path);

}  // namespace issu
