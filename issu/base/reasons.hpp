#pragma once

#include <optional>
#include <string>
#include <utility>

#include "issu/base/result.hpp"

namespace issu {

/// Collects what keeps something from being done, or what did not work: all of it is told at once,
/// not only the first.
class Reasons {
 public:
  void add(Error error) {
    if (first_) {
      first_->also(std::move(error));
    } else {
      first_.emplace(std::move(error));
    }
  }
  /// A reason to refuse.
  void add(std::string what, std::string hint = {}) {
    add(Error(std::move(what), std::move(hint), ErrorKind::refused));
  }
  void add_if(Result<void> result) {
    if (!result) {
      add(std::move(result).error());
    }
  }
  void add_unless(bool good, std::string what, std::string hint) {
    if (!good) {
      add(Error(std::move(what), std::move(hint)));
    }
  }
  [[nodiscard]] bool any() const { return first_.has_value(); }
  /// Success when there was none.
  [[nodiscard]] Result<void> result() && {
    if (first_) {
      return fail(*std::move(first_));
    }
    return {};
  }

 private:
  std::optional<Error> first_;
};

}  // namespace issu
