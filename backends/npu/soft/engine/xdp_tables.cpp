#include "backends/npu/soft/engine/xdp_tables.hpp"

#include <bpf/bpf.h>

#include <utility>

#include "backends/npu/soft/engine/bpf/interface.h"
#include "backends/npu/soft/engine/bpf_file_system.hpp"
#include "state-sync/tables/geometry.hpp"

namespace issu::backends::soft {
namespace {

struct Array {
  const char* name;
  std::uint32_t value_bytes;
};

/// As the BPF program declares them. 32-bit entries lie two in a value, or half the memory would
/// be padding.
constexpr std::array<Array, NPU_REGIONS> arrays{{
    {"header", sizeof(npu_header)},
    {"tbl24", 8},
    {"tbl8", 8},
    {"root6", 8},
    {"nodes6", 8},
    {"nexthops", sizeof(struct npu_nexthop)},
    {"buckets", 8},
    {"neighbours", sizeof(struct npu_neighbour)},
    {"ports", sizeof(npu_port)},
    {"locals", sizeof(npu_local)},
    {"counters", sizeof(npu_pair)},
    {"routes", sizeof(npu_route)},
    {"fast24", 8},
}};

Result<std::uint64_t> bytes_of(int fd) {
  bpf_map_info info{};
  std::uint32_t length = sizeof info;
  if (::bpf_obj_get_info_by_fd(fd, &info, &length) != 0) {
    return fail_errno("asking for the size of an array");
  }
  return std::uint64_t{info.value_size} * info.max_entries;
}

}  // namespace

Result<XdpTables> XdpTables::reopen(const std::filesystem::path& folder,
                                    const std::filesystem::path& lock) {
  Fds fds;
  tables::RegionFds regions;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    auto fd = open_pin(folder / arrays[i].name);
    if (!fd || !*fd) {
      return fd ? fail("there is no array " + std::string(arrays[i].name)) : fail(fd.error());
    }
    auto bytes = bytes_of(fd->get());
    if (!bytes) {
      return fail(std::move(bytes).error());
    }
    regions[i] = {fd->get(), *bytes};
    fds[i] = std::move(*fd);
  }
  auto segment = tables::Segment::open_fds(regions, lock);
  if (!segment) {
    return fail(std::move(segment).error());
  }
  return XdpTables(folder, std::move(fds), std::move(*segment), true);
}

Result<XdpTables> XdpTables::make(const std::filesystem::path& folder,
                                  const tables::Capacities& capacities,
                                  const std::filesystem::path& lock) {
  const auto sizes = tables::region_bytes(capacities.rounded());
  Fds fds;
  tables::RegionFds regions;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    const std::uint32_t value = arrays[i].value_bytes;
    const auto entries = static_cast<std::uint32_t>((sizes[i] + value - 1) / value);
    LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
    fds[i] = Fd(::bpf_map_create(BPF_MAP_TYPE_ARRAY, arrays[i].name, sizeof(std::uint32_t), value,
                                 entries, &options));
    if (!fds[i]) {
      return fail_errno("making the array " + std::string(arrays[i].name));
    }
    regions[i] = {fds[i].get(), std::uint64_t{value} * entries};
  }
  auto segment = tables::Segment::create_fds(regions, capacities, lock);
  if (!segment) {
    return fail(std::move(segment).error());
  }
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    ISSU_TRY(make_pin(fds[i].get(), folder / arrays[i].name), "keeping the tables");
  }
  return XdpTables(folder, std::move(fds), std::move(*segment), false);
}

Result<XdpTables> XdpTables::open(const std::filesystem::path& folder,
                                  const tables::Capacities& capacities,
                                  const std::filesystem::path& lock) {
  ISSU_TRY(mount_bpf(folder), "the tables of the xdp engine");
  auto first = open_pin(folder / arrays[NPU_HEADER].name);
  if (!first) {
    return fail(std::move(first).error());
  }
  std::string refused;
  if (*first) {
    auto opened = reopen(folder, lock);
    if (opened) {
      return opened;
    }
    refused = opened.error().message();
  }
  auto made = make(folder, capacities, lock);
  if (made) {
    made->refused_ = refused;
  }
  return made;
}

}  // namespace issu::backends::soft
