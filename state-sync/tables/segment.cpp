#include "state-sync/tables/segment.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <boost/interprocess/exceptions.hpp>
#include <boost/interprocess/mapped_region.hpp>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "issu/base/fd.hpp"
#include "state-sync/tables/geometry.hpp"

namespace issu::tables {
namespace {

namespace interprocess = boost::interprocess;

/// What Boost asks of something that it maps: a descriptor and a mode. It keeps neither.
class Mappable {
 public:
  explicit Mappable(int fd) : fd_(fd) {}
  [[nodiscard]] interprocess::mapping_handle_t get_mapping_handle() const {
    return interprocess::ipcdetail::mapping_handle_from_file_handle(fd_);
  }
  [[nodiscard]] static interprocess::mode_t get_mode() { return interprocess::read_write; }

 private:
  int fd_;
};

Result<interprocess::mapped_region> map(int fd, std::uint64_t bytes) {
  try {
    return interprocess::mapped_region(Mappable(fd), interprocess::read_write, 0, bytes);
  } catch (const interprocess::interprocess_exception& error) {
    return fail("mapping " + std::to_string(bytes) + " bytes of the tables: " + error.what());
  }
}

Result<std::uint64_t> size_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    return fail_errno("looking at the file of the tables");
  }
  return static_cast<std::uint64_t>(status.st_size);
}

/// Pages that are written to when the file system has none left are a SIGBUS: better no tables.
Result<void> check_room(int fd, std::uint64_t bytes) {
  struct statvfs status {};
  if (::fstatvfs(fd, &status) != 0) {
    return fail_errno("asking for free space");
  }
  const std::uint64_t room = static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
  if (status.f_blocks != 0 && room < bytes) {
    return fail("the tables need " + std::to_string(bytes >> 20U) + " MiB, there are " +
                std::to_string(room >> 20U) + " MiB left");
  }
  return {};
}

template <typename T>
T* at(const std::array<void*, NPU_REGIONS>& bases, npu_region region) {
  return static_cast<T*>(bases[region]);
}

npu_view view_of(const std::array<void*, NPU_REGIONS>& bases, const npu_capacities& capacities) {
  npu_view view{};
  view.header = at<npu_header>(bases, NPU_HEADER);
  view.tbl24 = at<npu_u32>(bases, NPU_TBL24);
  view.fast24 = at<npu_u8>(bases, NPU_FAST24);
  view.codes = static_cast<npu_u32*>(static_cast<void*>(view.fast24 + (1U << NPU_ROOT_BITS)));
  view.tbl8 = at<npu_u32>(bases, NPU_TBL8);
  view.root6 = at<npu_u32>(bases, NPU_ROOT6);
  view.nodes6 = at<npu_u32>(bases, NPU_NODES6);
  view.nexthops = at<struct npu_nexthop>(bases, NPU_NEXTHOPS);
  view.buckets = at<npu_u32>(bases, NPU_BUCKETS);
  view.neighbours = at<struct npu_neighbour>(bases, NPU_NEIGHBOURS);
  view.ports = at<npu_port>(bases, NPU_PORTS);
  view.locals = at<npu_local>(bases, NPU_LOCALS);
  view.counters = at<npu_u64>(bases, NPU_COUNTERS);
  view.routes = at<npu_route>(bases, NPU_ROUTES);
  view.capacities = capacities;
  return view;
}

}  // namespace

struct Segment::Mapping {
  std::vector<interprocess::mapped_region> regions;
  std::array<void*, NPU_REGIONS> bases{};
  npu_view view{};
  std::filesystem::path lock;

  void settle(const npu_capacities& capacities) { view = view_of(bases, capacities); }

  Result<void> map_file(int fd, const npu_capacities& capacities) {
    const FileLayout layout = file_layout(capacities);
    auto region = map(fd, layout.total);
    if (!region) {
      return fail(std::move(region).error());
    }
    // Helps on a tmpfs with huge=advise; elsewhere it changes nothing.
    ::madvise(region->get_address(), region->get_size(), MADV_HUGEPAGE);
    for (std::size_t i = 0; i < NPU_REGIONS; ++i) {
      bases[i] = static_cast<char*>(region->get_address()) + layout.offset[i];
    }
    regions.push_back(std::move(*region));
    settle(capacities);
    return {};
  }

  Result<void> map_fds(const RegionFds& fds, const npu_capacities& capacities) {
    const auto bytes = region_bytes(capacities);
    for (std::size_t i = 0; i < NPU_REGIONS; ++i) {
      if (fds[i].bytes < bytes[i]) {
        return fail("region " + std::to_string(i) + " of the tables has " +
                    std::to_string(fds[i].bytes) + " bytes, it needs " + std::to_string(bytes[i]));
      }
      auto region = map(fds[i].fd, bytes[i]);
      if (!region) {
        return pass(std::move(region).error(), "region " + std::to_string(i));
      }
      bases[i] = region->get_address();
      regions.push_back(std::move(*region));
    }
    settle(capacities);
    return {};
  }
};

Segment::Segment(std::unique_ptr<Mapping> mapping) : mapping_(std::move(mapping)) {}
Segment::Segment(Segment&&) noexcept = default;
Segment& Segment::operator=(Segment&&) noexcept = default;
Segment::~Segment() = default;

const npu_view& Segment::view() const {
  return mapping_->view;
}

const std::filesystem::path& Segment::lock_path() const {
  return mapping_->lock;
}

std::span<std::uint64_t> Segment::words(npu_region region) const {
  const auto bytes = region_bytes(mapping_->view.capacities);
  return {static_cast<std::uint64_t*>(mapping_->bases[region]), bytes[region] / 8};
}

Result<Segment> Segment::create_file(const std::filesystem::path& path,
                                     const Capacities& capacities) {
  const std::string context = "making the tables " + path.string();
  const npu_header header = fresh_header(capacities.rounded());
  const std::string beside = path.string() + ".new";
  Fd fd(::open(beside.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) {
    return fail_errno(context);
  }
  const std::uint64_t total = file_layout(header.capacities).total;
  ISSU_TRY(check_room(fd.get(), total), context);
  if (::ftruncate(fd.get(), static_cast<off_t>(total)) != 0) {
    return fail_errno(context);
  }
  auto mapping = std::make_unique<Mapping>();
  ISSU_TRY(mapping->map_file(fd.get(), header.capacities), context);
  *mapping->view.header = header;
  if (::rename(beside.c_str(), path.c_str()) != 0) {
    return fail_errno(context);
  }
  mapping->lock = path;
  return Segment(std::move(mapping));
}

Result<Segment> Segment::open_file(const std::filesystem::path& path) {
  const std::string context = "opening the tables " + path.string();
  Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd) {
    return fail_errno(context);
  }
  const auto size = size_of(fd.get());
  if (!size) {
    return pass(size.error(), context);
  }
  npu_header header{};
  if (::pread(fd.get(), &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header)) {
    return pass(Error("the file is truncated: it has " + std::to_string(*size) +
                      " bytes, not even a header"),
                context);
  }
  ISSU_TRY(check_header(header), context);
  const std::uint64_t total = file_layout(header.capacities).total;
  if (*size < total) {
    return pass(Error("the file is truncated: it has " + std::to_string(*size) +
                      " bytes, its header states " + std::to_string(total)),
                context);
  }
  auto mapping = std::make_unique<Mapping>();
  ISSU_TRY(mapping->map_file(fd.get(), header.capacities), context);
  mapping->lock = path;
  return Segment(std::move(mapping));
}

Result<Segment> Segment::create_fds(const RegionFds& regions, const Capacities& capacities,
                                    const std::filesystem::path& lock) {
  const npu_header header = fresh_header(capacities.rounded());
  auto mapping = std::make_unique<Mapping>();
  ISSU_TRY(mapping->map_fds(regions, header.capacities), "making the tables in arrays");
  *mapping->view.header = header;
  mapping->lock = lock;
  return Segment(std::move(mapping));
}

Result<Segment> Segment::open_fds(const RegionFds& regions, const std::filesystem::path& lock) {
  const std::string context = "opening the tables in arrays";
  if (regions[NPU_HEADER].bytes < sizeof(npu_header)) {
    return pass(Error("the array of the header is too small"), context);
  }
  npu_header header{};
  {
    auto mapped = map(regions[NPU_HEADER].fd, sizeof header);
    if (!mapped) {
      return pass(std::move(mapped).error(), context);
    }
    std::memcpy(&header, mapped->get_address(), sizeof header);
  }
  ISSU_TRY(check_header(header), context);
  auto mapping = std::make_unique<Mapping>();
  ISSU_TRY(mapping->map_fds(regions, header.capacities), context);
  mapping->lock = lock;
  return Segment(std::move(mapping));
}

}  // namespace issu::tables
