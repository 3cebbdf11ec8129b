#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "issu/base/result.hpp"

namespace issu::backends {

/// The shadow of an epoch's held routes (state-sync/kernel_shadow.hpp), and the note of it in a
/// file: whoever comes after a caller that was killed finds it, goes on with a whole one and takes
/// away one that is not of the epoch.
class HeldShadow {
 public:
  /// `netns`: the chassis' name.
  HeldShadow(std::filesystem::path note, std::string netns)
      : note_(std::move(note)), netns_(std::move(netns)) {}

  /// One that is whole stays as it is: the routes around it may be on their way out already.
  [[nodiscard]] Result<void> cast(std::uint64_t epoch) const;
  /// None is fine.
  [[nodiscard]] Result<void> lift() const;
  /// Of any other epoch.
  [[nodiscard]] Result<void> lift_others(std::uint64_t epoch) const;

 private:
  std::filesystem::path note_;
  std::string netns_;
};

}  // namespace issu::backends
