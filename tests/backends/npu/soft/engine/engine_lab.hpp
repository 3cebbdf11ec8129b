#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/npu/soft/engine/neighbours.hpp"
#include "backends/npu/soft/engine/packet_engine.hpp"
#include "backends/npu/soft/engine/xdp_engine.hpp"
#include "tests/backends/npu/soft/engine/table_lab.hpp"

namespace issu::backends::soft {

enum class EngineKind { packet, xdp };

/// Two hosts, a route processor and the NPU between them, each in a network namespace:
///
///   h1 e0 ── p1 npu p2 ── e0 h2         192.0.2.0/24, 2001:db8:1::/64 and 198.51.100.0/24,
///            │      │                   2001:db8:2::/64; .1 is the router, .2 the host;
///         punt1    punt2                behind h2 lie 203.0.113.1 and 2001:db8:ffff::1;
///            │      │                   p2 has MTU 1400
///            p1  rp  p2
///
/// The namespaces and mounts are those of this process alone: they end with it however it ends.
class NetworkLab {
 public:
  NetworkLab();
  NetworkLab(const NetworkLab&) = delete;
  NetworkLab& operator=(const NetworkLab&) = delete;
  ~NetworkLab();

  /// Runs work inside "h1", "h2", "rp" or "npu"; what it opens stays there.
  void inside(const std::string& name, const std::function<void()>& work) const;
  void ip(const std::string& name, const std::string& lines) const;
  [[nodiscard]] std::string ask(const std::string& name, std::vector<std::string> words) const;
  /// GRO on: gives a veth the NAPI that takes XDP frames from its other end.
  void gather(const std::string& name, const std::string& interface) const;
  /// In the namespace of the NPU; 0: it is not there.
  [[nodiscard]] unsigned index_of(const std::string& interface) const;
  [[nodiscard]] tables::MacAddress mac_of(const std::string& name,
                                          const std::string& interface) const;
  /// Makes port `n` (0 or 1), its host's end, and gives them their addresses.
  void make_port(unsigned n) const;
  /// Ports and punt interfaces as they are now.
  [[nodiscard]] std::vector<EnginePort> places() const;
  [[nodiscard]] const tests::TempDir& dir() const { return dir_; }

 private:
  [[nodiscard]] std::string netns(const std::string& name) const;
  void make_punt(unsigned n) const;

  tests::TempDir dir_;
};

/// An engine with tables and neighbours, as npud has them, in this process.
class EngineLab {
 public:
  EngineLab(const NetworkLab& network, EngineKind kind, std::vector<HandedRing> heritage = {});
  ~EngineLab();

  /// Writes the ports as they are to the tables and to the engine.
  void set_ports() { set_ports(network_.places()); }
  void set_ports(const std::vector<EnginePort>& places);
  /// Does what npud's loop does until `done`, for `limit` at the most; whether it was.
  bool run_until(const std::function<bool()>& done,
                 std::chrono::milliseconds limit = std::chrono::seconds(5));
  void run_for(std::chrono::milliseconds time) {
    run_until([] { return false; }, time);
  }
  [[nodiscard]] std::uint64_t counter(std::uint32_t port, npu_port_counter which) const;
  [[nodiscard]] tables::Writer& writer() { return *writer_; }
  [[nodiscard]] const TableHands& hands() const { return *hands_; }
  [[nodiscard]] PacketEngine& packet() { return *packet_; }
  [[nodiscard]] XdpEngine& xdp() { return *xdp_; }
  [[nodiscard]] bool fast() const;

 private:
  void turn();

  const NetworkLab& network_;
  EngineKind kind_;
  std::optional<XdpTables> arrays_;
  std::optional<tables::Segment> file_;
  const tables::Segment* segment_ = nullptr;
  std::optional<tables::Writer> writer_;
  std::optional<TableHands> hands_;
  std::unique_ptr<PacketEngine> packet_;
  std::unique_ptr<XdpEngine> xdp_;
  std::optional<Neighbours> neighbours_;
};

[[nodiscard]] bool is_root();

}  // namespace issu::backends::soft
