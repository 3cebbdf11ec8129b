#pragma once

#include <nlohmann/json.hpp>

#include "issu/base/reasons.hpp"
#include "issu/context.hpp"

/// What the preflights of the strategies are made of. None of it touches anything.
namespace issu::steps {

/// What the strategy needs of the router's sessions.
enum class Neighbours {
  keep_routes,  ///< graceful restart: they outlive the daemons
  see_nothing,  ///< they stay up
};

/// Image, backend, NPU driver, daemons, sessions and measurement; every strategy's.
nlohmann::json check_everything(Context& context, Neighbours neighbours, Reasons& reasons);

}  // namespace issu::steps
