#include "backends/npu/soft/engine/tx_ring.hpp"

#include <linux/if_packet.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace issu::backends::soft {
namespace {

/// Stands before each frame (struct virtio_net_hdr, virtio 1.2, 5.1.6; the kernel's own header is
/// none for C++). All zero: nothing is left to do with the frame.
struct VnetHeader {
  std::uint8_t flags;
  std::uint8_t gso_type;
  std::uint16_t header_bytes;  ///< from the start, that are copied and not pointed to
  std::uint16_t gso_bytes;
  std::uint16_t checksum_start;
  std::uint16_t checksum_offset;
};
static_assert(sizeof(VnetHeader) == 10);

constexpr std::size_t slots = 512;
constexpr std::size_t slot_bytes = 2048;
constexpr std::size_t block_bytes = 1U << 16U;
constexpr std::size_t data_offset = TPACKET_ALIGN(sizeof(tpacket2_hdr));
constexpr std::size_t frame_offset = data_offset + sizeof(VnetHeader);

Result<void> set(int fd, int option, const void* value, socklen_t bytes, const char* what) {
  if (::setsockopt(fd, SOL_PACKET, option, value, bytes) != 0) {
    return fail_errno(std::string("packet socket: ") + what);
  }
  return {};
}

tpacket2_hdr* header_of(std::uint8_t* slot) {
  return reinterpret_cast<tpacket2_hdr*>(slot);
}

}  // namespace

Result<TxRing> TxRing::open(int ifindex) {
  Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) {
    return fail_errno("opening a packet socket", "it takes CAP_NET_RAW");
  }
  const int version = TPACKET_V2;
  const int yes = 1;
  ISSU_TRY(set(fd.get(), PACKET_VERSION, &version, sizeof version, "TPACKET_V2"), "send ring");
  ISSU_TRY(set(fd.get(), PACKET_VNET_HDR, &yes, sizeof yes, "PACKET_VNET_HDR"), "send ring");
  // A slot that it can't send does not stop it.
  ISSU_TRY(set(fd.get(), PACKET_LOSS, &yes, sizeof yes, "PACKET_LOSS"), "send ring");
  ISSU_TRY(set(fd.get(), PACKET_QDISC_BYPASS, &yes, sizeof yes, "PACKET_QDISC_BYPASS"),
           "send ring");
  tpacket_req request{};
  request.tp_block_size = block_bytes;
  request.tp_block_nr = slots * slot_bytes / block_bytes;
  request.tp_frame_size = slot_bytes;
  request.tp_frame_nr = slots;
  ISSU_TRY(set(fd.get(), PACKET_TX_RING, &request, sizeof request, "its ring"), "send ring");
  // Frames wait in the socket only while the driver has them.
  const int bytes = 4 << 20;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
  void* start = ::mmap(nullptr, slots * slot_bytes, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_POPULATE, fd.get(), 0);
  if (start == MAP_FAILED) {
    return fail_errno("mapping a send ring");
  }
  Mapping memory(start, slots * slot_bytes);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = ifindex;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno("binding a packet socket to interface " + std::to_string(ifindex));
  }
  return TxRing(std::move(fd), std::move(memory));
}

std::uint8_t* TxRing::slot(std::size_t number) const {
  return memory_.data() + number % slots * slot_bytes;
}

std::uint32_t TxRing::status(std::size_t number) const {
  const std::atomic_ref<std::uint32_t> word(header_of(slot(number))->tp_status);
  return word.load(std::memory_order_acquire);
}

void TxRing::set_status(std::size_t number, std::uint32_t value) const {
  const std::atomic_ref<std::uint32_t> word(header_of(slot(number))->tp_status);
  word.store(value, std::memory_order_release);
}

bool TxRing::add(std::span<const std::uint8_t> frame) {
  const std::size_t number = first_ + waiting_;
  if (frame.size() > slot_bytes - frame_offset || waiting_ == slots ||
      status(number) != TP_STATUS_AVAILABLE) {
    return false;
  }
  std::uint8_t* at = slot(number);
  VnetHeader layout{};
  layout.header_bytes = static_cast<std::uint16_t>(frame.size());
  std::memcpy(at + data_offset, &layout, sizeof layout);
  std::memcpy(at + frame_offset, frame.data(), frame.size());
  header_of(at)->tp_len = static_cast<std::uint32_t>(sizeof layout + frame.size());
  set_status(number, TP_STATUS_SEND_REQUEST);
  ++waiting_;
  return true;
}

void TxRing::step_over_taken() {
  while (waiting_ != 0 && status(first_) != TP_STATUS_SEND_REQUEST) {
    first_ = (first_ + 1) % slots;
    --waiting_;
  }
}

/// Takes back what waits; the kernel goes on at the same slot next time.
std::size_t TxRing::give_up() {
  const std::size_t lost = std::exchange(waiting_, 0);
  for (std::size_t n = 0; n < lost; ++n) {
    set_status(first_ + n, TP_STATUS_AVAILABLE);
  }
  return lost;
}

std::size_t TxRing::flush() {
  std::size_t lost = 0;
  while (waiting_ != 0) {
    const bool interrupted = ::send(socket_.get(), nullptr, 0, MSG_DONTWAIT) < 0 && errno == EINTR;
    step_over_taken();
    if (waiting_ == 0 || interrupted) {
      continue;
    }
    // The interface did not take the first one, which would be tried again. It is lost; those
    // behind it may have more luck: the kernel steps over one of no length.
    tpacket2_hdr* header = header_of(slot(first_));
    if (header->tp_len == 0) {
      return lost - 1 + give_up();
    }
    header->tp_len = 0;
    ++lost;
  }
  return lost;
}

}  // namespace issu::backends::soft
