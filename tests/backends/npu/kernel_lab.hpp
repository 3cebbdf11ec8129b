#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "backends/npu.hpp"
#include "backends/npu/kernel/kernel_npu.hpp"
#include "issu/base/child.hpp"
#include "issu/base/netns.hpp"
#include "tests/backends/npu_contract.hpp"
#include "tests/temp_dir.hpp"

namespace issu::backends {

/// A chassis with one veth port to a peer's namespace, and hands in its tables. Takes everything
/// away at its end, also after a failed check.
class KernelLab {
 public:
  KernelLab();
  ~KernelLab();
  KernelLab(const KernelLab&) = delete;
  KernelLab& operator=(const KernelLab&) = delete;

  [[nodiscard]] const RouterSpec& router() const { return router_; }
  RouterSpec& router() { return router_; }
  [[nodiscard]] const std::string& peer() const { return peer_; }
  [[nodiscard]] std::unique_ptr<Npu> make(const KernelNpuOptions& options = {}) const;
  [[nodiscard]] contract::NpuLab contract_lab() const;
  /// The lines of an `ip -batch` inside the chassis; it goes on after a line that fails.
  void ip(const std::string& lines) const;
  [[nodiscard]] std::string shown(std::vector<std::string> words) const;
  void install(const std::vector<state_sync::Prefix>& routes, int side) const;
  void withdraw(const std::vector<state_sync::Prefix>& routes) const;
  [[nodiscard]] std::uint64_t count() const;
  /// Of the route tracker that answers; pid 0 when none does.
  [[nodiscard]] ProcessId tracker() const;

 private:
  tests::TempDir dir_;
  std::string peer_;
  RouterSpec router_;
};

bool is_root();

}  // namespace issu::backends
