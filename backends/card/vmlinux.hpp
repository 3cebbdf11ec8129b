#pragma once

#include <cstdint>
#include <filesystem>

#include "issu/base/result.hpp"

namespace issu::backends::card {

/// Takes the kernel proper out of a `vmlinuz` (Documentation/arch/x86/boot.rst: payload_offset,
/// payload_length), so that it isn't unpacked while sessions are silent, and has it start `shift`
/// bytes behind the address for which it was linked, a multiple of 2 MiB: x86-64 kernels run
/// wherever they are put. Unpacks with `xz` or `zstd`; false, and nothing done, where it is packed
/// by something quick (lz4) or unknown, which the kernel's own start unpacks.
Result<bool> unpack_kernel(const std::filesystem::path& vmlinuz, std::uint64_t shift,
                           const std::filesystem::path& into);

/// The kernel's program headers and its first instruction moved by `shift`; an error when it is no
/// ELF file of x86-64.
Result<void> move_kernel(std::string& elf, std::uint64_t shift);

}  // namespace issu::backends::card
