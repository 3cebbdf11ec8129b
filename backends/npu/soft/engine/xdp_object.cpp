#include "backends/npu/soft/engine/xdp_object.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include "backends/npu/soft/engine/bpf/interface.h"
#include "backends/npu/soft/engine/bpf_file_system.hpp"
#include "backends/npu/soft/engine/bpf_program.hpp"

namespace issu::backends::soft {
namespace {

struct RegionMap {
  const char* name;
  npu_region region;
};
constexpr std::array<RegionMap, 10> region_maps{{
    {"npu_header", NPU_HEADER},
    {"npu_tbl24_map", NPU_TBL24},
    {"npu_tbl8_map", NPU_TBL8},
    {"npu_root6_map", NPU_ROOT6},
    {"npu_nodes6_map", NPU_NODES6},
    {"npu_nexthops", NPU_NEXTHOPS},
    {"npu_group_map", NPU_BUCKETS},
    {"npu_neighbours", NPU_NEIGHBOURS},
    {"npu_ports", NPU_PORTS},
    {"npu_counters", NPU_COUNTERS},
}};

/// Maps of the program itself, with the names of their pins.
constexpr std::array<std::array<const char*, 2>, 3> own_maps{{
    {"npu_interfaces", "interfaces"},
    {"npu_tx_ports", "tx_ports"},
    {"npu_buckets_punt", "punt_buckets"},
}};

Result<void> settle(int result, const std::string& what) {
  if (result != 0) {
    errno = result < 0 ? -result : result;
    return fail_errno(what);
  }
  return {};
}

bool fits(const bpf_map* map, int fd) {
  bpf_map_info info{};
  std::uint32_t length = sizeof info;
  return ::bpf_obj_get_info_by_fd(fd, &info, &length) == 0 &&
         info.value_size == ::bpf_map__value_size(map) &&
         info.type == static_cast<std::uint32_t>(::bpf_map__type(map));
}

Result<void> join_tables(bpf_object* object, const XdpTables& tables) {
  for (const RegionMap& each : region_maps) {
    bpf_map* map = ::bpf_object__find_map_by_name(object, each.name);
    if (map == nullptr || !fits(map, tables.fd(each.region))) {
      return fail(std::string("the tables and the BPF program disagree on ") + each.name);
    }
    ISSU_TRY(settle(::bpf_map__reuse_fd(map, tables.fd(each.region)), each.name), "its tables");
  }
  for (const auto& [name, pin] : own_maps) {
    auto fd = open_pin(tables.folder() / pin);
    if (!fd) {
      return fail(std::move(fd).error());
    }
    bpf_map* map = ::bpf_object__find_map_by_name(object, name);
    if (*fd && fits(map, fd->get())) {
      ISSU_TRY(settle(::bpf_map__reuse_fd(map, fd->get()), name), "its maps");
    }
  }
  return {};
}

npu_settings settings_of(const npu_capacities& capacities, const Polices& polices) {
  npu_settings settings{};
  settings.counter_rows = capacities.counter_rows;
  settings.row_words = static_cast<npu_u32>(npu_counter_row_words(&capacities));
  settings.ports = capacities.ports;
  settings.neighbours = capacities.neighbours;
  std::copy(polices.begin(), polices.end(), settings.polices);
  return settings;
}

Result<void> set_constants(bpf_object* object, const npu_settings& settings) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    const std::string_view name = ::bpf_map__name(map);
    if (name.ends_with(".rodata")) {
      return settle(::bpf_map__set_initial_value(map, &settings, sizeof settings),
                    "the program's constants");
    }
  }
  return fail("the BPF program has no constants");
}

}  // namespace

void XdpObject::Close::operator()(bpf_object* object) const {
  ::bpf_object__close(object);
}

Result<XdpObject> XdpObject::load(const XdpTables& tables, const Polices& polices) {
  const auto bytes = bpf_program_bytes();
  LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "npu");
  Handle object(::bpf_object__open_mem(bytes.data(), bytes.size(), &options));
  if (!object) {
    return fail_errno("opening the BPF program");
  }
  const auto& capacities = tables.segment().view().capacities;
  ISSU_TRY(join_tables(object.get(), tables), "loading the BPF program");
  ISSU_TRY(set_constants(object.get(), settings_of(capacities, polices)),
           "loading the BPF program");
  ISSU_TRY(settle(::bpf_object__load(object.get()), "loading the BPF program"),
           "the kernel's verifier says why on standard error");
  for (const auto& [name, pin] : own_maps) {
    auto known = open_pin(tables.folder() / pin);
    const bpf_map* map = ::bpf_object__find_map_by_name(object.get(), name);
    if (known && *known && fits(map, known->get())) {
      continue;
    }
    ISSU_TRY(make_pin(::bpf_map__fd(map), tables.folder() / pin), "keeping the program's maps");
  }
  return XdpObject(std::move(object));
}

int XdpObject::program(const char* name) const {
  const bpf_program* program = ::bpf_object__find_program_by_name(object_.get(), name);
  return program == nullptr ? -1 : ::bpf_program__fd(program);
}

int XdpObject::map(const char* name) const {
  const bpf_map* map = ::bpf_object__find_map_by_name(object_.get(), name);
  return map == nullptr ? -1 : ::bpf_map__fd(map);
}

}  // namespace issu::backends::soft
