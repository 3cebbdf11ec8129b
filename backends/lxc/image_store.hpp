#pragma once

#include <cstdint>
#include <filesystem>

#include "issu/base/result.hpp"

namespace issu::backends::lxc {

/// The folder for the saved state of one slot: a tmpfs of its own, 0700. The images hold all
/// memory of the daemons, their secrets too: they never reach a disk.
///
/// With `stays` it is a plain folder, where the one around it has to outlive the kernel. What that
/// lies on is the business of whoever says so (the host's memory, for a card that is a machine).
class ImageStore {
 public:
  explicit ImageStore(std::filesystem::path folder, bool stays = false)
      : folder_(std::move(folder)), stays_(stays) {}

  [[nodiscard]] bool exists() const;
  /// Whether there is room for it; the error says how much there is.
  [[nodiscard]] Result<void> check(std::uint64_t bytes) const;
  /// Mounts it with room for so many bytes, and touches as many: memory that a machine has never
  /// used before is several times slower to write. One that is there already is emptied.
  Result<void> prepare(std::uint64_t bytes);
  /// Gives back what `prepare` touched; the next files are written into that memory.
  Result<void> make_room();
  /// Removes an earlier state.
  Result<void> empty();
  /// Unmounts it. Not there is fine.
  Result<void> remove();
  /// Of the files in images().
  [[nodiscard]] std::uint64_t bytes() const;

  [[nodiscard]] auto images() const { return folder_ / "images"; }
  [[nodiscard]] auto options() const { return folder_ / "criu.conf"; }
  [[nodiscard]] auto search_path() const { return folder_ / "path"; }      ///< where CRIU is found
  [[nodiscard]] auto criu_version() const { return folder_ / "version"; }  ///< of that CRIU
  /// How long a dump and its restore may take together, milliseconds.
  [[nodiscard]] auto patience() const { return folder_ / "patience"; }
  [[nodiscard]] auto hook() const { return folder_ / "hook"; }  ///< where CRIU asks (CriuHook)
  [[nodiscard]] auto conditions() const { return folder_ / "conditions"; }
  [[nodiscard]] auto conditions_given() const { return folder_ / "conditions.given"; }
  [[nodiscard]] auto report() const { return folder_ / "report"; }
  /// What the processes have written, for a state that leaves the machine.
  [[nodiscard]] auto written() const { return folder_ / "written.tar"; }
  /// Where a state that comes to the machine is put first.
  [[nodiscard]] auto arrival() const { return folder_ / "arrival"; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

 private:
  [[nodiscard]] auto ballast() const { return folder_ / "ballast"; }

  std::filesystem::path folder_;
  bool stays_;
};

}  // namespace issu::backends::lxc
