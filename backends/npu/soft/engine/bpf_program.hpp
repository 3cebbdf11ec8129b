#pragma once

#include <span>

namespace issu::backends::soft {

/// The compiled BPF program (bpf/npu.bpf.c), as an ELF object inside this one.
[[nodiscard]] std::span<const unsigned char> bpf_program_bytes();

}  // namespace issu::backends::soft
