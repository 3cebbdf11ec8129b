#include "backends/npu/soft/engine/rx_ring.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <atomic>
#include <utility>

namespace issu::backends::soft {
namespace {

Result<void> set(int fd, int option, const void* value, socklen_t bytes, const char* what) {
  if (::setsockopt(fd, SOL_PACKET, option, value, bytes) != 0) {
    return fail_errno(std::string("packet socket: ") + what);
  }
  return {};
}

Result<Mapping> map_ring(int fd, const RingShape& shape) {
  const std::size_t bytes = std::size_t{shape.block_bytes} * shape.blocks;
  void* start = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (start == MAP_FAILED) {
    return fail_errno("mapping a receive ring");
  }
  return Mapping(start, bytes);
}

}  // namespace

Result<RxRing> RxRing::open(int ifindex, const RingShape& shape) {
  // No protocol until the ring is there: what comes before would lie in the socket's own queue.
  Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!fd) {
    return fail_errno("opening a packet socket", "it takes CAP_NET_RAW");
  }
  const int version = TPACKET_V3;
  ISSU_TRY(set(fd.get(), PACKET_VERSION, &version, sizeof version, "TPACKET_V3"), "receive ring");
  tpacket_req3 request{};
  request.tp_block_size = shape.block_bytes;
  request.tp_block_nr = shape.blocks;
  request.tp_frame_size = TPACKET_ALIGNMENT << 7U;
  request.tp_frame_nr = shape.block_bytes / request.tp_frame_size * shape.blocks;
  request.tp_retire_blk_tov = shape.timeout_ms;
  ISSU_TRY(set(fd.get(), PACKET_RX_RING, &request, sizeof request, "its ring"), "receive ring");
  const int yes = 1;
  ISSU_TRY(set(fd.get(), PACKET_IGNORE_OUTGOING, &yes, sizeof yes, "PACKET_IGNORE_OUTGOING"),
           "receive ring");
  packet_mreq membership{};
  membership.mr_ifindex = ifindex;
  membership.mr_type = PACKET_MR_ALLMULTI;
  ISSU_TRY(set(fd.get(), PACKET_ADD_MEMBERSHIP, &membership, sizeof membership, "all multicast"),
           "receive ring");
  auto memory = map_ring(fd.get(), shape);
  if (!memory) {
    return tl::unexpected(memory.error());
  }
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = ifindex;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno("binding a packet socket to interface " + std::to_string(ifindex));
  }
  return RxRing(std::move(fd), std::move(*memory), shape, 0);
}

Result<RxRing> RxRing::adopt(Fd socket, const RingShape& shape, std::uint32_t position) {
  if (position >= shape.blocks) {
    return fail("receive ring: block " + std::to_string(position) + " of " +
                std::to_string(shape.blocks));
  }
  auto memory = map_ring(socket.get(), shape);
  if (!memory) {
    return tl::unexpected(memory.error());
  }
  return RxRing(std::move(socket), std::move(*memory), shape, position);
}

bool RxRing::ready() const {
  const std::atomic_ref<std::uint32_t> status(block()->hdr.bh1.block_status);
  return (status.load(std::memory_order_acquire) & TP_STATUS_USER) != 0;
}

void RxRing::release_block() {
  const std::atomic_ref<std::uint32_t> status(block()->hdr.bh1.block_status);
  status.store(TP_STATUS_KERNEL, std::memory_order_release);
  position_ = position_ + 1 == shape_.blocks ? 0 : position_ + 1;
}

std::uint64_t RxRing::take_drops() {
  tpacket_stats_v3 stats{};
  socklen_t bytes = sizeof stats;
  if (::getsockopt(socket_.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &bytes) != 0) {
    return 0;
  }
  return stats.tp_drops;
}

}  // namespace issu::backends::soft
