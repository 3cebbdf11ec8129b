#pragma once

#include <optional>
#include <string>
#include <utility>

#include "issu/base/result.hpp"

namespace issu::image {

/// Collects reasons to refuse, so that all of them are told at once.
class Reasons {
 public:
  void add(Error error) {
    if (first_) {
      first_->also(std::move(error));
    } else {
      first_.emplace(std::move(error));
    }
  }
  void add(std::string what, std::string hint = {}) {
    add(Error(std::move(what), std::move(hint), ErrorKind::refused));
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

}  // namespace issu::image
