#pragma once

#include <functional>
#include <string>

#include "backends/npu.hpp"
#include "backends/rp.hpp"
#include "issu/base/result.hpp"
#include "issu/config/router_config.hpp"
#include "issu/journal.hpp"
#include "issu/slot_store.hpp"
#include "issu/upgrade_options.hpp"

namespace issu {

/// The parts of a router that the coordinator works with; they outlive it.
struct RouterParts {
  const config::RouterConfig& config;
  backends::RouteProcessor& rp;
  backends::Npu& npu;
  const SlotStore& store;
};

/// What an upgrade tells while it runs; both may be empty.
struct Listener {
  std::function<void(const Record&)> record;       ///< after each record that is on disk
  std::function<void(const std::string&)> remark;  ///< a line of progress
};

/// Begins an upgrade in the router's journal, from the slot that is active. Refused while another
/// one is open.
Result<void> open_upgrade(const SlotStore& store, UpgradeOptions options);

/// Runs the open upgrade of the router's journal to its end, from wherever it stands: the first
/// run and a recovery are the same call. The caller holds the router's lock.
///
/// The outcome's document is appended to the history before the journal is closed. An error means
/// that the journal itself can't be read or written; the router is then as the last record says.
Result<Outcome> run_upgrade(const RouterParts& parts, const Listener& listener);

}  // namespace issu
