#pragma once

#include <memory>
#include <string>

#include "backends/npu.hpp"
#include "backends/rp.hpp"
#include "issu/config/router_config.hpp"
#include "issu/coordinator.hpp"
#include "issu/slot_store.hpp"

namespace issu::cli {

/// A router with its parts put together as its router.toml says.
struct Router {
  config::RouterConfig config;
  std::unique_ptr<backends::RouteProcessor> rp;
  std::unique_ptr<backends::Npu> npu;
  SlotStore store;

  [[nodiscard]] RouterParts parts() const { return {config, *rp, *npu, store}; }
};

Result<Router> open_router(const std::string& file, config::Purpose purpose = config::Purpose::run);

/// Refuses while an upgrade of the router is open.
Result<void> no_open_upgrade(const Router& router);

}  // namespace issu::cli
