#pragma once

#include <filesystem>

#include "backends/spec.hpp"

namespace issu::backends::soft {

/// Where the files of a router's npud are, all in one folder below its run_dir.
struct NpudFiles {
  std::filesystem::path folder;

  static NpudFiles of(const RouterSpec& router) { return {router.run_dir / "npu"}; }

  [[nodiscard]] std::filesystem::path settings() const { return folder / "settings.json"; }
  [[nodiscard]] std::filesystem::path socket() const { return folder / "npud.sock"; }
  [[nodiscard]] std::filesystem::path lock() const { return folder / "npud.lock"; }
  [[nodiscard]] std::filesystem::path epoch() const { return folder / "npud.epoch"; }
  [[nodiscard]] std::filesystem::path log() const { return folder / "npud.log"; }
  /// The tables; with the engine "xdp" only their lock, they are arrays of the kernel.
  [[nodiscard]] std::filesystem::path tables() const { return folder / "tables"; }
  /// With the engine "xdp": a file system of pins, what forwards without npud.
  [[nodiscard]] std::filesystem::path bpf() const { return folder / "bpf"; }
};

}  // namespace issu::backends::soft
