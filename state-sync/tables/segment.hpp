#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "issu/base/result.hpp"
#include "state-sync/tables/geometry.hpp"
#include "state-sync/tables/memory.h"
#include "state-sync/tables/types.hpp"

namespace issu::tables {

/// One region as a descriptor that can be mapped: a BPF array with BPF_F_MMAPABLE. The segment
/// does not keep it.
struct RegionFd {
  int fd = -1;
  std::uint64_t bytes = 0;  ///< value size times entries
};
using RegionFds = std::array<RegionFd, NPU_REGIONS>;

/// The tables, mapped: from one file, or from a descriptor a region. Unmapped at the end of its
/// life, the tables stay. Views of it must not outlive it; moving it keeps them good.
///
/// What is opened was written by somebody else: magic, version, sizes and checksum are looked at,
/// and an Error says which of them is off. The entries themselves are not: readers stay within the
/// memory whatever stands there, and the Writer repairs them.
class Segment {
 public:
  /// Makes the file (0600) and its empty tables; one that is there is replaced as one step.
  /// On a tmpfs mounted with huge=always lookups are several times faster (docs/platform-notes.md).
  static Result<Segment> create_file(const std::filesystem::path& path,
                                     const Capacities& capacities);
  static Result<Segment> open_file(const std::filesystem::path& path);

  /// Empty tables in arrays that are there; each at least as large as region_bytes says, zeroed.
  /// `lock` is a file that the writer locks (made if it is not there).
  static Result<Segment> create_fds(const RegionFds& regions, const Capacities& capacities,
                                    const std::filesystem::path& lock);
  static Result<Segment> open_fds(const RegionFds& regions, const std::filesystem::path& lock);

  Segment(Segment&&) noexcept;
  Segment& operator=(Segment&&) noexcept;
  ~Segment();

  [[nodiscard]] npu_header& header() const { return *view().header; }
  /// For the lookups of lookup.h.
  [[nodiscard]] const npu_view& view() const;
  /// A region as words, as long as the layout says (a mapping may be longer).
  [[nodiscard]] std::span<std::uint64_t> words(npu_region region) const;
  /// What the writer locks: the file of the tables, or the one given.
  [[nodiscard]] const std::filesystem::path& lock_path() const;

 private:
  struct Mapping;
  explicit Segment(std::unique_ptr<Mapping> mapping);
  std::unique_ptr<Mapping> mapping_;
};

}  // namespace issu::tables
