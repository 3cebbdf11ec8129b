#pragma once

#include <memory>

#include "backends/npu/soft/engine/polices.hpp"
#include "backends/npu/soft/engine/xdp_tables.hpp"
#include "issu/base/result.hpp"

struct bpf_object;

namespace issu::backends::soft {

/// The BPF program, loaded over the tables. What it keeps beside them is pinned with them, so the
/// program of the next process finds it.
class XdpObject {
 public:
  static Result<XdpObject> load(const XdpTables& tables, const Polices& polices);

  /// Descriptors, owned by the object: "npu_xdp", "npu_port_ingress", "npu_punt_ingress".
  [[nodiscard]] int program(const char* name) const;
  /// "npu_interfaces", "npu_tx_ports"
  [[nodiscard]] int map(const char* name) const;

 private:
  struct Close {
    void operator()(bpf_object* object) const;
  };
  using Handle = std::unique_ptr<bpf_object, Close>;
  explicit XdpObject(Handle object) : object_(std::move(object)) {}
  Handle object_;
};

}  // namespace issu::backends::soft
