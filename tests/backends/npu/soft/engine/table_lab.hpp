#pragma once

#include <string>

#include "state-sync/tables/tables.hpp"
#include "tests/backends/npu/soft/engine/frames.hpp"
#include "tests/temp_dir.hpp"

namespace issu::backends::soft {

/// Sizes that a test can afford to touch.
[[nodiscard]] tables::Capacities small_capacities();

/// Hands in the tables of a test.
class TableHands {
 public:
  explicit TableHands(tables::Writer& writer) : writer_(writer) {}

  void route(const std::string& prefix, const tables::NextHop& nexthop) const;
  void forward(const std::string& prefix, std::uint32_t port, const std::string& gateway) const;
  void connected(const std::string& prefix, std::uint32_t port) const;
  /// An address of the router, with its prefix: local address, punt route, connected route.
  void own(const std::string& address_with_length, std::uint32_t port) const;
  void neighbour(std::uint32_t port, const std::string& address, const tables::MacAddress& mac,
                 npu_neighbour_state state = NPU_NEIGHBOUR_REACHABLE) const;

 private:
  tables::Writer& writer_;
};

/// Tables in a file with two ports: 0 is 192.0.2.1/24, 2001:db8:1::1/64 with frames::port_mac,
/// 1 is 198.51.100.1/24, 2001:db8:2::1/64 with MTU 1400. Nobody forwards by them.
class TableLab {
 public:
  TableLab();

  tests::TempDir dir;
  tables::Segment segment;
  tables::Writer writer;
  TableHands hands{writer};
};

inline constexpr tables::MacAddress other_port_mac{0x02, 0, 0, 0, 0, 0x02};
inline constexpr tables::MacAddress next_mac{0x02, 0, 0, 0, 0, 0xbb};

}  // namespace issu::backends::soft
