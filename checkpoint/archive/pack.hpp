#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "checkpoint/archive/index.hpp"
#include "checkpoint/archive/writer.hpp"

namespace issu::archive {

/// A file or folder that goes into an archive under this name.
struct Source {
  std::string name;
  std::filesystem::path path;
};

/// Parts of an archive, by name.
constexpr const char* state_part = "state";    ///< CRIU images, conditioner's document, files
constexpr const char* config_part = "config";  ///< the daemons' configuration
constexpr const char* npu_part = "npu.state";  ///< snapshot of the NPU's tables
constexpr const char* kernel_part =
    "kernel.state";  ///< routes and next hops of the chassis' kernel

/// Whether these can be packed: files and folders only, with names that an archive may have.
Result<void> check_sources(const std::vector<Source>& sources);

struct Packed {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;       ///< of the files
  std::uint64_t file_bytes = 0;  ///< of the archive
};

/// Writes an archive. Files and folders only: anything else in a source (links, sockets, devices)
/// is refused by name. A file that changes its size meanwhile is a failure.
Result<Packed> pack(const std::filesystem::path& file, const Manifest& manifest,
                    const std::vector<Source>& sources, const Key& key, const SignedBy& signer,
                    const Writer::Options& options);

}  // namespace issu::archive
