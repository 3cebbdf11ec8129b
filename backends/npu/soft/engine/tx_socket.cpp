#include "backends/npu/soft/engine/tx_socket.hpp"

#include <linux/if_packet.h>

#include <cerrno>
#include <string>

namespace issu::backends::soft {

Result<TxSocket> TxSocket::open(int ifindex) {
  Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) {
    return fail_errno("opening a packet socket", "it takes CAP_NET_RAW");
  }
  const int yes = 1;
  if (::setsockopt(fd.get(), SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof yes) != 0) {
    return fail_errno("packet socket: PACKET_QDISC_BYPASS");
  }
  // Frames wait in here only while the driver has them.
  const int bytes = 4 << 20;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = ifindex;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno("binding a packet socket to interface " + std::to_string(ifindex));
  }
  return TxSocket(std::move(fd));
}

bool TxSocket::send(std::span<const std::uint8_t> frame) const {
  return ::send(socket_.get(), frame.data(), frame.size(), MSG_DONTWAIT) ==
         static_cast<ssize_t>(frame.size());
}

void TxBatch::add(std::span<std::uint8_t> frame) {
  pieces_[count_] = {frame.data(), frame.size()};
  messages_[count_].msg_hdr.msg_iov = &pieces_[count_];
  messages_[count_].msg_hdr.msg_iovlen = 1;
  ++count_;
}

std::size_t TxBatch::flush(TxRing* ring, const TxSocket& socket) {
  std::size_t lost = 0;
  std::size_t at = 0;
  if (ring != nullptr) {
    while (at < count_ && ring->add({static_cast<const std::uint8_t*>(pieces_[at].iov_base),
                                     pieces_[at].iov_len})) {
      ++at;
    }
    lost = ring->flush();
  }
  lost += send_rest(at, socket);
  count_ = 0;
  return lost;
}

std::size_t TxBatch::send_rest(std::size_t at, const TxSocket& socket) {
  std::size_t lost = 0;
  while (at < count_) {
    const int sent =
        ::sendmmsg(socket.fd(), &messages_[at], static_cast<unsigned>(count_ - at), MSG_DONTWAIT);
    if (sent > 0) {
      at += static_cast<std::size_t>(sent);
    } else if (errno != EINTR) {
      // This frame is lost; those behind it may have more luck.
      ++lost;
      ++at;
    }
  }
  return lost;
}

}  // namespace issu::backends::soft
