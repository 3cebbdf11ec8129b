#include "backends/npu/soft/engine/tc_hook.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <array>
#include <cerrno>
#include <string>

namespace issu::backends::soft {
namespace {

constexpr std::uint32_t handle = 1;
constexpr std::uint32_t priority = 1;

bpf_tc_hook hook_of(unsigned ifindex) {
  bpf_tc_hook hook{};
  hook.sz = sizeof hook;
  hook.ifindex = static_cast<int>(ifindex);
  hook.attach_point = BPF_TC_INGRESS;
  return hook;
}

/// That a hook is there already, or gone already, is no news, and libbpf would print it.
template <typename Call>
int silently(const Call& call) {
  const libbpf_print_fn_t printer = ::libbpf_set_print(nullptr);
  const int result = call();
  ::libbpf_set_print(printer);
  return result;
}

}  // namespace

Result<void> attach_ingress(unsigned ifindex, int program) {
  bpf_tc_hook hook = hook_of(ifindex);
  const std::string where = " at interface " + std::to_string(ifindex);
  const int made = silently([&] { return ::bpf_tc_hook_create(&hook); });
  if (made != 0 && made != -EEXIST) {
    errno = -made;
    return fail_errno("making a traffic control hook" + where,
                      "the kernel needs CONFIG_NET_SCH_INGRESS");
  }
  bpf_tc_opts options{};
  options.sz = sizeof options;
  options.prog_fd = program;
  options.flags = BPF_TC_F_REPLACE;
  options.handle = handle;
  options.priority = priority;
  if (const int error = ::bpf_tc_attach(&hook, &options); error != 0) {
    errno = -error;
    return fail_errno("attaching a traffic control program" + where,
                      "the kernel needs CONFIG_NET_CLS_BPF");
  }
  return {};
}

Result<Fd> load_drop_all() {
  std::array<bpf_insn, 2> program{};
  program[0].code = BPF_ALU64 | BPF_MOV | BPF_K;  // r0 = TC_ACT_SHOT
  program[0].imm = TC_ACT_SHOT;
  program[1].code = BPF_JMP | BPF_EXIT;
  Fd fd(::bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "npu_drop_all", "Dual MIT/GPL", program.data(),
                        program.size(), nullptr));
  if (!fd) {
    return fail_errno("loading a program that drops what packet sockets have seen",
                      "it takes CAP_BPF");
  }
  return fd;
}

Result<void> detach_ingress(unsigned ifindex) {
  bpf_tc_hook hook = hook_of(ifindex);
  hook.attach_point = static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS);
  const int error = silently([&] { return ::bpf_tc_hook_destroy(&hook); });
  if (error != 0 && error != -ENOENT && error != -ENODEV && error != -EINVAL) {
    errno = -error;
    return fail_errno("taking a traffic control hook away");
  }
  return {};
}

}  // namespace issu::backends::soft
