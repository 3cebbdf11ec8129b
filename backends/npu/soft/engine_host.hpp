#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "backends/npu/soft/engine/engine_port.hpp"
#include "backends/npu/soft/engine/neighbours.hpp"
#include "backends/npu/soft/engine/packet_engine.hpp"
#include "backends/npu/soft/engine/xdp_engine.hpp"
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
  static Result<EngineHost> start(const TableStore& tables, const PuntRates& rates,
                                  Handover* heritage);

  /// From now on neighbours are asked for and kept. `tables` must outlive it.
  void attach(tables::Writer& tables);
  /// Takes ports in and lets others go; those that stay never stop. What can't be taken (it
  /// disappeared meanwhile) is told, once a second at most, and tried again by `pump`; the others
  /// forward.
  void set_ports(std::span<const EnginePort> ports);
  /// Readable when there is something for `pump`.
  [[nodiscard]] std::vector<int> fds() const;
  /// Takes up what the engine has seen, and looks after the neighbours; also without a reason, a
  /// few times a second.
  Result<void> pump();
  /// Stops at once and gives what the next one goes on with; frames wait in the sockets meanwhile.
  /// The descriptors are still this one's.
  std::pair<nlohmann::json, std::vector<int>> hand_over();
  /// Takes away what would outlive npud.
  void unpin();
  [[nodiscard]] nlohmann::json view() const;

 private:
  struct Packet {
    std::unique_ptr<PacketEngine> engine;
    PacketOptions options;
  };
  struct Xdp {
    std::unique_ptr<XdpEngine> engine;
  };
  using Engine = std::variant<Packet, Xdp>;

  EngineHost(const tables::Segment& segment, Engine engine)
      : segment_(segment), engine_(std::move(engine)) {}
  static Result<Engine> start_packet(const TableStore& tables, const PuntRates& rates,
                                     Handover* heritage);
  void try_ports();
  void look_at_ports();

  const tables::Segment& segment_;
  Engine engine_;
  std::optional<Neighbours> neighbours_;
  std::vector<EnginePort> ports_;
  bool ports_refused_ = false;
  MonoNs tried_at_ = 0;
  MonoNs told_at_ = 0;
};

/// The ports of tables that are there already, as far as their interfaces still are.
[[nodiscard]] std::vector<EnginePort> ports_in(const tables::Segment& segment);

}  // namespace issu::backends::soft
