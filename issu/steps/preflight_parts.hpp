#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "issu/base/result.hpp"
#include "issu/context.hpp"

/// What the preflights of the strategies are made of. None of it touches anything.
namespace issu::steps {

/// Collects the reasons to refuse: an operator wants all of them, not the first.
class Reasons {
 public:
  void add(Error error) {
    if (error_) {
      error_->also(std::move(error));
    } else {
      error_.emplace(std::move(error));
    }
  }
  void add_if(Result<void> result) {
    if (!result) {
      add(std::move(result).error());
    }
  }
  [[nodiscard]] std::optional<Error> take() { return std::move(error_); }

 private:
  std::optional<Error> error_;
};

/// What the strategy needs of the router's sessions.
enum class Neighbours {
  keep_routes,  ///< graceful restart: they outlive the daemons
  see_nothing,  ///< they stay up
};

/// Image, backend, NPU driver, daemons, sessions and measurement; every strategy's.
nlohmann::json check_everything(Context& context, Neighbours neighbours, Reasons& reasons);

}  // namespace issu::steps
