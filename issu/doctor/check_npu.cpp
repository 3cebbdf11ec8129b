#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "issu/base/fd.hpp"
#include "issu/doctor/checks.hpp"

namespace issu::doctor {
namespace {

constexpr const char* bpf_folder = "/sys/fs/bpf";
constexpr long bpf_magic = 0xcafe4a11;

Result<Fd> bpf(int command, bpf_attr& attributes, const char* what) {
  Fd fd(static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes)));
  return fd ? Result<Fd>(std::move(fd)) : fail_errno(what);
}

/// A TPACKET_V3 receive ring, mapped.
Result<std::string> try_packet_ring() {
  const Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)));
  if (!fd) {
    return fail_errno("opening a packet socket");
  }
  const int version = TPACKET_V3;
  tpacket_req3 ring{};
  ring.tp_block_size = 1U << 17U;
  ring.tp_block_nr = 4;
  ring.tp_frame_size = 2048;
  ring.tp_frame_nr = ring.tp_block_size / ring.tp_frame_size * ring.tp_block_nr;
  ring.tp_retire_blk_tov = 1;
  if (::setsockopt(fd.get(), SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0 ||
      ::setsockopt(fd.get(), SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring) != 0) {
    return fail_errno("asking for a receive ring");
  }
  const std::size_t bytes = std::size_t{ring.tp_block_size} * ring.tp_block_nr;
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) {
    return fail_errno("mapping the receive ring");
  }
  ::munmap(memory, bytes);
  return std::string("a ring was mapped");
}

/// An array that a process reads and writes like memory, while a program in the kernel does too.
Result<std::string> try_bpf_arrays() {
  bpf_attr attributes;
  std::memset(&attributes, 0, sizeof attributes);
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 8;
  attributes.max_entries = 4096;
  attributes.map_flags = BPF_F_MMAPABLE;
  auto map = bpf(BPF_MAP_CREATE, attributes, "making an array that can be mapped");
  if (!map) {
    return fail(std::move(map).error());
  }
  void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, map->get(), 0);
  if (memory == MAP_FAILED) {
    return fail_errno("mapping an array");
  }
  ::munmap(memory, 4096);
  return std::string("an array was mapped");
}

/// Where arrays and programs outlive the process that made them.
Result<std::string> try_bpf_folder() {
  struct statfs status {};
  const bool mounted = ::statfs(bpf_folder, &status) == 0 && status.f_type == bpf_magic;
  // In the trial's own mount namespace.
  if (!mounted && ::mount("bpf", bpf_folder, "bpf", 0, "mode=0700") != 0) {
    return fail_errno(std::string("mounting a BPF file system on ") + bpf_folder);
  }
  return std::string(mounted ? "is mounted" : "can be mounted");
}

}  // namespace

std::vector<Capability> check_npu(const Options& options) {
  Capability ring{"packet.ring",
                  "packet rings",
                  Present::unknown,
                  "",
                  "the engine packet of the NPU driver soft",
                  "CAP_NET_RAW, and a kernel with CONFIG_PACKET",
                  {"soft-packet"}};
  Capability arrays{"bpf.arrays",
                    "mapped BPF arrays",
                    Present::unknown,
                    "",
                    "the engine xdp of the NPU driver soft: its tables",
                    "CAP_BPF or root, and a kernel from 5.5 on with CONFIG_BPF_SYSCALL",
                    {"soft-xdp"}};
  Capability folder{"bpf.folder",
                    "BPF file system",
                    Present::unknown,
                    "",
                    "the engine xdp of the NPU driver soft: forwarding goes on without npud",
                    "mount -t bpf bpf /sys/fs/bpf",
                    {"soft-xdp"}};
  return {tried(std::move(ring), try_packet_ring, options),
          tried(std::move(arrays), try_bpf_arrays, options),
          tried(std::move(folder), try_bpf_folder, options)};
}

}  // namespace issu::doctor
