#include "backends/npu/soft/engine/bpf_program.hpp"

// The assembler takes the file as it is.
asm(R"(
  .section .rodata
  .balign 16
npu_bpf_begin:
  .incbin ")" ISSU_BPF_OBJECT R"("
npu_bpf_end:
  .byte 0
  .previous
)");

extern "C" {
extern const unsigned char npu_bpf_begin[];
extern const unsigned char npu_bpf_end[];
}

namespace issu::backends::soft {

std::span<const unsigned char> bpf_program_bytes() {
  return {npu_bpf_begin, npu_bpf_end};
}

}  // namespace issu::backends::soft
