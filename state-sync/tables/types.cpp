#include "state-sync/tables/types.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <bit>

namespace issu::tables {
namespace {

std::uint32_t power_of_two(std::uint32_t at_least, std::uint32_t least, std::uint32_t most) {
  return std::bit_ceil(std::clamp(at_least, least, most));
}

}  // namespace

npu_capacities Capacities::rounded() const {
  npu_capacities made{};
  made.tbl8_groups = power_of_two(tbl8_groups, 1, 1U << 22U);
  made.nodes6 = power_of_two(nodes6, 16, 1U << 22U);
  made.nexthops = std::clamp(nexthops, 2U, 1U << NPU_ID_BITS);
  made.buckets = std::clamp(buckets, 8U, 1U << 24U) & ~7U;
  made.neighbours = power_of_two(neighbours, 16, 1U << 22U);
  made.ports = std::clamp(ports, 1U, 4096U);
  made.locals = std::clamp(locals, 1U, 65536U);
  made.counter_rows = std::clamp(counter_rows, 1U, 1024U);
  made.routes = power_of_two(routes, 16, 1U << 26U);
  return made;
}

std::string Address::text() const {
  char buffer[INET6_ADDRSTRLEN] = {};
  inet_ntop(family == 4 ? AF_INET : AF_INET6, bytes.data(), buffer, sizeof buffer);
  return buffer;
}

}  // namespace issu::tables
