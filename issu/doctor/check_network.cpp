#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "checkpoint/flow_lock.hpp"
#include "issu/base/fd.hpp"
#include "issu/doctor/checks.hpp"

namespace issu::doctor {
namespace {

constexpr const char* link_name = "issu0";

Result<void> scratch_network() {
  if (::unshare(CLONE_NEWNET) != 0) {
    return fail_errno("a network namespace for the trial");
  }
  return {};
}

/// Makes a veth pair in a network namespace of the trial's own.
Result<std::string> try_veth() {
  ISSU_TRY(scratch_network(), "veth");
  const std::unique_ptr<nl_sock, decltype(&nl_socket_free)> sock(nl_socket_alloc(), nl_socket_free);
  if (const int error = nl_connect(sock.get(), NETLINK_ROUTE); error < 0) {
    return fail(std::string("rtnetlink: ") + nl_geterror(error));
  }
  if (const int error = rtnl_link_veth_add(sock.get(), link_name, "issu1", ::getpid()); error < 0) {
    return fail(std::string("making a veth pair: ") + nl_geterror(error));
  }
  return std::string("made a pair");
}

Result<std::string> try_nftables() {
  ISSU_TRY(scratch_network(), "nftables");
  const std::vector<checkpoint::TcpFlow> flows = {{4, {192, 0, 2, 1}, {192, 0, 2, 2}, 179, 40000}};
  checkpoint::FlowLock lock("/proc/self/ns/net", "doctor");
  ISSU_TRY(lock.lock(flows, std::chrono::seconds(60)), "setting a rule");
  auto locked = lock.is_locked();
  if (!locked) {
    return fail(std::move(locked).error());
  }
  if (!*locked) {
    return fail("nft took a rule and does not list it");
  }
  ISSU_TRY(lock.lift(), "taking a rule away");
  return std::string("a flow was locked for a time and let through again");
}

Result<Fd> load_program() {
  // return XDP_PASS
  bpf_insn code[2]{};
  code[0].code = BPF_ALU64 | BPF_MOV | BPF_K;
  code[0].imm = XDP_PASS;
  code[1].code = BPF_JMP | BPF_EXIT;
  bpf_attr attributes;
  std::memset(&attributes, 0, sizeof attributes);
  attributes.prog_type = BPF_PROG_TYPE_XDP;
  attributes.insn_cnt = 2;
  attributes.insns = reinterpret_cast<std::uintptr_t>(code);
  attributes.license = reinterpret_cast<std::uintptr_t>("Apache-2.0");
  const long fd = ::syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes);
  if (fd < 0) {
    return fail_errno("loading an XDP program");
  }
  return Fd(static_cast<int>(fd));
}

/// The link ends with the descriptor.
Result<void> attach(const Fd& program, unsigned mode) {
  bpf_attr attributes;
  std::memset(&attributes, 0, sizeof attributes);
  attributes.link_create.prog_fd = static_cast<std::uint32_t>(program.get());
  attributes.link_create.target_ifindex = ::if_nametoindex(link_name);
  attributes.link_create.attach_type = BPF_XDP;
  attributes.link_create.flags = mode;
  const Fd link(
      static_cast<int>(::syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof attributes)));
  if (!link) {
    return fail_errno("attaching it to a veth");
  }
  return {};
}

Result<std::string> try_xdp() {
  ISSU_TRY(try_veth(), "XDP");
  auto program = load_program();
  if (!program) {
    return fail(std::move(program).error());
  }
  const auto native = attach(*program, XDP_FLAGS_DRV_MODE);
  ISSU_TRY(attach(*program, XDP_FLAGS_SKB_MODE), "XDP, generic");
  return std::string(native ? "attaches to a veth, natively and generically"
                            : "attaches to a veth, generically only");
}

}  // namespace

std::vector<Capability> check_network(const Options& options) {
  Capability veth{"veth",
                  "veth pairs",
                  Present::unknown,
                  "",
                  "ports between chassis and labs",
                  "modprobe veth, or a kernel with CONFIG_VETH",
                  {"kernel", "lxc", "soft"}};
  Capability nftables{"nftables",
                      "nftables",
                      Present::unknown,
                      "",
                      "holding back single flows while a daemon is frozen",
                      "apt-get install nftables; a kernel with CONFIG_NF_TABLES_INET",
                      {"checkpoint"}};
  Capability xdp{"xdp",
                 "XDP",
                 Present::unknown,
                 "",
                 "the fast forwarder of the NPU driver soft",
                 "a kernel with CONFIG_BPF_SYSCALL and CONFIG_NET, from 5.9 on",
                 {"soft-xdp"}};
  return {tried(std::move(veth), try_veth, options),
          tried(std::move(nftables), try_nftables, options),
          tried(std::move(xdp), try_xdp, options)};
}

}  // namespace issu::doctor
