#pragma once

#include <string>
#include <vector>

#include "backends/npu.hpp"
#include "backends/npu/soft/npud_files.hpp"
#include "backends/npu/soft/soft_npu.hpp"
#include "issu/base/child.hpp"
#include "issu/base/fd.hpp"
#include "tests/backends/npu_contract.hpp"
#include "tests/temp_dir.hpp"

namespace issu::backends {

/// A chassis of the soft NPU with two veth ports to peers' namespaces, and hands that say routes to
/// it as a routing daemon would: as zebra over FPM, or in the kernel's table as BIRD. Takes
/// everything away at its end, also after a failed check.
class SoftLab {
 public:
  explicit SoftLab(const std::string& feed, const std::string& engine = "packet");
  ~SoftLab();
  SoftLab(const SoftLab&) = delete;
  SoftLab& operator=(const SoftLab&) = delete;

  [[nodiscard]] RouterSpec& router() { return router_; }
  [[nodiscard]] const std::string& peer(std::size_t n) const { return peers_[n]; }
  [[nodiscard]] soft::NpudFiles files() const { return soft::NpudFiles::of(router_); }
  [[nodiscard]] std::unique_ptr<Npu> make() const;
  [[nodiscard]] contract::NpuLab contract_lab();
  [[nodiscard]] ProcessId npud() const;
  /// Kills npud and waits until it is gone; its keeper goes first, so that nobody starts it again.
  void kill_npud_and_keeper() const;

  void install(const std::vector<state_sync::Prefix>& routes, int side);
  void withdraw(const std::vector<state_sync::Prefix>& routes);
  /// These bytes over FPM, whatever they are; on a new connection when npud hung up on the last.
  void say_bytes(const std::vector<std::byte>& bytes);
  void hang_up() { fpm_.reset(); }
  /// Daemons' routes, read out of the mapped tables themselves.
  [[nodiscard]] std::uint64_t count() const;
  /// `ip` in a namespace.
  static std::string ip(const std::string& netns, Argv words);

 private:
  void say_over_fpm(const std::vector<std::byte>& messages, std::uint64_t count);
  void connect_fpm();
  void wait_taken(std::uint64_t messages) const;
  void say_to_kernel(const std::string& lines) const;
  [[nodiscard]] std::uint64_t messages_taken() const;

  tests::TempDir dir_;
  std::vector<std::string> peers_;
  RouterSpec router_;
  std::uint32_t ifindex_ = 0;  ///< of the first port in the route processor's namespace
  Fd fpm_;
};

}  // namespace issu::backends
