#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>
#include <vector>

#include "backends/npu/soft/engine/engine_port.hpp"
#include "backends/npu/soft/table_store.hpp"
#include "issu/base/fd.hpp"
#include "state-sync/tables/tables.hpp"

namespace issu::backends::soft {

/// What one npud hands to the next: words, and the descriptors that they speak of.
struct Handover {
  nlohmann::json words;
  std::vector<Fd> fds;
};

/// The engine of the settings with its ports, and the neighbours that it needs. It forwards from
/// its start on, by the ports that stand in the tables. In the NPU's network namespace; one thread
/// calls it, those of the engine are its own.
class EngineHost {
 public:
  /// `heritage`: of the npud before, nullptr when there was none. `tables` must outlive it.
  static Result<std::unique_ptr<EngineHost>> start(const TableStore& tables, Handover* heritage);
  virtual ~EngineHost() = default;

  /// From now on neighbours are asked for and kept. `tables` must outlive it.
  virtual void attach(tables::Writer& tables) = 0;
  /// Takes ports in and lets others go; those that stay never stop.
  virtual Result<void> set_ports(std::span<const EnginePort> ports) = 0;
  /// Readable when there is something for `pump`.
  [[nodiscard]] virtual std::vector<int> fds() const = 0;
  /// Takes up what the engine has seen, and looks after the neighbours; also without a reason, a
  /// few times a second.
  virtual Result<void> pump() = 0;
  /// Stops at once and gives what the next one goes on with; frames wait in the sockets meanwhile.
  /// The descriptors are still this one's.
  virtual std::pair<nlohmann::json, std::vector<int>> hand_over() = 0;
  /// Takes away what would outlive npud.
  virtual void unpin() = 0;
  [[nodiscard]] virtual nlohmann::json view() const = 0;
};

/// The ports of tables that are there already, as far as their interfaces still are.
[[nodiscard]] std::vector<EnginePort> ports_in(const tables::Segment& segment);

}  // namespace issu::backends::soft
