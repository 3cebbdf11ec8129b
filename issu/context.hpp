#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "backends/npu.hpp"
#include "backends/rp.hpp"
#include "issu/config/router_config.hpp"
#include "issu/instrument.hpp"
#include "issu/journal.hpp"
#include "issu/slot_store.hpp"
#include "issu/upgrade_options.hpp"

namespace issu {

/// All that a step works with. The references outlive the upgrade.
struct Context {
  const config::RouterConfig& config;
  backends::RouteProcessor& rp;
  backends::Npu& npu;
  const SlotStore& store;
  Instrument& instrument;
  const Records& records;
  UpgradeOptions options;
  backends::Slot from = backends::Slot::a;  ///< the old side
  backends::Slot to = backends::Slot::b;    ///< the new side
  std::uint64_t epoch = 0;                  ///< the last one used before this upgrade
  /// What a person asked for and was not yet taken up: "", "accept" or "abort".
  std::function<std::string()> pending_request;
  /// A line of progress for whoever looks on.
  std::function<void(const std::string&)> tell;

  [[nodiscard]] std::uint64_t epoch_forward() const { return epoch + 1; }
  [[nodiscard]] std::uint64_t epoch_back() const { return epoch + 2; }
  [[nodiscard]] bool abort_asked() const { return pending_request() == "abort"; }
};

}  // namespace issu
