#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "backends/npu/soft/engine/engine_port.hpp"
#include "backends/npu/soft/engine/tap.hpp"
#include "backends/npu/soft/engine/tx_socket.hpp"
#include "backends/npu/soft/engine/xdp_features.hpp"
#include "backends/npu/soft/engine/xdp_object.hpp"

struct npu_interface;

namespace issu::backends::soft {

/// Forwards in the kernel, by programs at the ports that read the tables: goes on when this process
/// is gone, until `detach`. A new process finds what is attached and puts its own programs in its
/// place without a gap.
///
/// A port that takes no XDP frames now (a veth whose other end does not gather) is sent to by the
/// traffic control hook: slower, nothing is lost.
///
/// All verbs belong to one thread, in the network namespace of the ports. The tables must outlive
/// it. Needs CAP_BPF or root.
class XdpEngine {
 public:
  static Result<std::unique_ptr<XdpEngine>> start(const XdpTables& tables,
                                                  const Polices& polices = default_polices());

  /// From now on these are the ports; those that stay lose nothing. The error says which ports
  /// could not be taken; the others forward.
  Result<void> set_ports(std::span<const EnginePort> ports);
  /// Looks again which ports take XDP frames; once a second is plenty.
  void look_at_ports();
  /// Takes the programs off the ports.
  Result<void> detach();

  /// Readable when there is something for `pump`. They change with `set_ports`.
  [[nodiscard]] std::vector<int> fds() const;
  void pump(const std::function<void(const NeighbourEvent&)>& take);
  /// Sends a frame on a port; one that is not there takes nothing.
  void send(std::uint32_t port, Frame frame) const;
  /// Whether XDP frames are sent to the port; else the traffic control hook sends.
  [[nodiscard]] bool is_fast(std::uint32_t port) const;

 private:
  struct Port {
    EnginePort place;
    Tap tap;
    TxSocket tx;
    bool fast = false;
  };

  XdpEngine(const XdpTables& tables, XdpObject object)
      : tables_(tables), object_(std::move(object)) {}
  Result<Port> take_port(const EnginePort& place);
  Result<void> attach_xdp(unsigned ifindex);
  Result<void> name_interface(unsigned ifindex, const npu_interface& interface);
  void forget_others();
  [[nodiscard]] std::filesystem::path link_pin(unsigned ifindex) const;

  const XdpTables& tables_;
  XdpObject object_;
  std::optional<XdpFeatures> features_;
  std::vector<Port> ports_;
};

}  // namespace issu::backends::soft
