#include "state-sync/tables/geometry.hpp"

#include <cstddef>
#include <string>

#include "state-sync/tables/counters.h"
#include "state-sync/tables/types.hpp"

namespace issu::tables {
namespace {

static_assert(sizeof(npu_header) == 512);
static_assert(sizeof(struct npu_nexthop) == 32);
static_assert(sizeof(struct npu_neighbour) == 64);
static_assert(sizeof(npu_port) == 48);
static_assert(sizeof(npu_local) == 24);
static_assert(sizeof(npu_route) == 32);

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t huge_page = 2U << 20U;

std::uint64_t up_to(std::uint64_t value, std::uint64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

bool same(const npu_capacities& one, const npu_capacities& other) {
  return one.tbl8_groups == other.tbl8_groups && one.nodes6 == other.nodes6 &&
         one.nexthops == other.nexthops && one.buckets == other.buckets &&
         one.neighbours == other.neighbours && one.ports == other.ports &&
         one.locals == other.locals && one.counter_rows == other.counter_rows &&
         one.routes == other.routes;
}

/// Capacities are good when rounding them changes nothing.
bool in_range(const npu_capacities& capacities) {
  Capacities asked;
  asked.tbl8_groups = capacities.tbl8_groups;
  asked.nodes6 = capacities.nodes6;
  asked.nexthops = capacities.nexthops;
  asked.buckets = capacities.buckets;
  asked.neighbours = capacities.neighbours;
  asked.ports = capacities.ports;
  asked.locals = capacities.locals;
  asked.counter_rows = capacities.counter_rows;
  asked.routes = capacities.routes;
  return same(asked.rounded(), capacities);
}

}  // namespace

std::array<std::uint64_t, NPU_REGIONS> region_bytes(const npu_capacities& capacities) {
  const auto times = [](std::uint64_t count, std::uint64_t bytes) { return count * bytes; };
  std::array<std::uint64_t, NPU_REGIONS> bytes{};
  bytes[NPU_HEADER] = sizeof(npu_header);
  bytes[NPU_TBL24] = times(1U << NPU_ROOT_BITS, 4);
  bytes[NPU_TBL8] = times(capacities.tbl8_groups, 4 * NPU_NODE_ENTRIES);
  bytes[NPU_ROOT6] = times(1U << NPU_ROOT_BITS, 4);
  bytes[NPU_NODES6] = times(capacities.nodes6, 4 * NPU_NODE_ENTRIES);
  bytes[NPU_NEXTHOPS] = times(capacities.nexthops, sizeof(struct npu_nexthop));
  bytes[NPU_BUCKETS] = times(capacities.buckets, 4);
  bytes[NPU_NEIGHBOURS] = times(capacities.neighbours, sizeof(struct npu_neighbour));
  bytes[NPU_PORTS] = times(capacities.ports, sizeof(npu_port));
  bytes[NPU_LOCALS] = times(capacities.locals, sizeof(npu_local));
  bytes[NPU_COUNTERS] = times(capacities.counter_rows, 8 * npu_counter_row_words(&capacities));
  bytes[NPU_FAST24] = (1U << NPU_ROOT_BITS) + NPU_CODES * 4;
  bytes[NPU_ROUTES] = times(capacities.routes, sizeof(npu_route));
  return bytes;
}

FileLayout file_layout(const npu_capacities& capacities) {
  FileLayout layout;
  const auto bytes = region_bytes(capacities);
  for (std::size_t region = 0; region < NPU_REGIONS; ++region) {
    layout.offset[region] = up_to(layout.total, bytes[region] >= huge_page ? huge_page : page);
    layout.total = up_to(layout.offset[region] + bytes[region], page);
  }
  return layout;
}

npu_header fresh_header(const npu_capacities& capacities) {
  npu_header header{};
  header.magic = NPU_MAGIC;
  header.version = NPU_LAYOUT_VERSION;
  header.header_bytes = sizeof(npu_header);
  header.capacities = capacities;
  const auto bytes = region_bytes(capacities);
  for (std::size_t region = 0; region < NPU_REGIONS; ++region) {
    header.region_bytes[region] = bytes[region];
  }
  header.checksum = npu_checksum(&header, offsetof(npu_header, checksum));
  // The smallest generation is 1: an entry of zeros belongs to none.
  header.generation = header.hold_generation = header.fresh_generation = 1;
  return header;
}

Result<void> check_header(const npu_header& header) {
  if (header.magic != NPU_MAGIC) {
    return fail("these are no NPU tables: the magic number is not there");
  }
  if (header.version != NPU_LAYOUT_VERSION) {
    return fail("the tables are of layout version " + std::to_string(header.version) +
                    ", this program reads version " + std::to_string(NPU_LAYOUT_VERSION),
                "start the program that made them, or take a snapshot with it and restore that");
  }
  if (header.checksum != npu_checksum(&header, offsetof(npu_header, checksum))) {
    return fail("the header of the tables has a bad checksum");
  }
  if (header.header_bytes != sizeof(npu_header) || !in_range(header.capacities)) {
    return fail("the header of the tables states capacities that can't be");
  }
  const auto bytes = region_bytes(header.capacities);
  for (std::size_t region = 0; region < NPU_REGIONS; ++region) {
    if (header.region_bytes[region] != bytes[region]) {
      return fail("the header of the tables states a size of region " + std::to_string(region) +
                  " that its capacities don't give");
    }
  }
  return {};
}

}  // namespace issu::tables
