#pragma once

#include <filesystem>
#include <string>

#include "issu/base/result.hpp"

namespace issu::backends::vm {

/// Whether a payload is a disk that a guest may be given: a qcow2 that is whole in itself. One
/// with a backing or data file would show the guest another file of the host.
Result<void> check_disk(const std::filesystem::path& payload);

/// The same from what `qemu-img info --output=json` says; `name` stands in the messages.
Result<void> check_disk_info(const std::string& info, const std::string& name);

/// What is taken of a payload of kind kernel to boot a guest with it.
struct KernelFiles {
  std::filesystem::path kernel;
  std::filesystem::path initrd;
};

/// Where `extract_kernel` puts them.
[[nodiscard]] KernelFiles kernel_files(const std::filesystem::path& folder);

/// Takes kernel and initrd out of a payload of kind kernel (docs/formats-bundle.md) into `folder`,
/// which is made; what lay there is replaced.
Result<void> extract_kernel(const std::filesystem::path& payload,
                            const std::filesystem::path& folder);

}  // namespace issu::backends::vm
