#pragma once

#include <array>
#include <filesystem>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"
#include "state-sync/tables/segment.hpp"

namespace issu::backends::soft {

/// Tables in BPF arrays that are pinned in a folder: they and who forwards by them outlive every
/// process, until `unmount_bpf` of the folder (or a reboot). All of their memory is taken at once.
class XdpTables {
 public:
  /// Opens the tables that are there; where there are none, or none that this program can use,
  /// makes empty ones. `lock`: the file that the writer locks.
  static Result<XdpTables> open(const std::filesystem::path& folder,
                                const tables::Capacities& capacities,
                                const std::filesystem::path& lock);

  [[nodiscard]] const tables::Segment& segment() const { return segment_; }
  /// Of a region's array.
  [[nodiscard]] int fd(npu_region region) const { return fds_[region].get(); }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  /// Whether they were there.
  [[nodiscard]] bool found() const { return found_; }
  /// Why those that were there could not be used; empty: they were, or there were none.
  [[nodiscard]] const std::string& refused() const { return refused_; }

 private:
  using Fds = std::array<Fd, NPU_REGIONS>;
  XdpTables(std::filesystem::path folder, Fds fds, tables::Segment segment, bool found)
      : folder_(std::move(folder)),
        fds_(std::move(fds)),
        segment_(std::move(segment)),
        found_(found) {}
  static Result<XdpTables> reopen(const std::filesystem::path& folder,
                                  const std::filesystem::path& lock);
  static Result<XdpTables> make(const std::filesystem::path& folder,
                                const tables::Capacities& capacities,
                                const std::filesystem::path& lock);

  std::filesystem::path folder_;
  Fds fds_;
  tables::Segment segment_;
  bool found_ = false;
  std::string refused_;
};

}  // namespace issu::backends::soft
