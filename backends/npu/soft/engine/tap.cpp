#include "backends/npu/soft/engine/tap.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>

namespace issu::backends::soft {

Result<Tap> Tap::open(unsigned ifindex, std::uint32_t port) {
  Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) {
    return fail_errno("opening a packet socket", "it takes CAP_NET_RAW");
  }
  const int yes = 1;
  if (::setsockopt(fd.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes) != 0) {
    return fail_errno("packet socket: PACKET_IGNORE_OUTGOING");
  }
  packet_mreq membership{};
  membership.mr_ifindex = static_cast<int>(ifindex);
  membership.mr_type = PACKET_MR_ALLMULTI;
  if (::setsockopt(fd.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) !=
      0) {
    return fail_errno("packet socket: all multicast");
  }
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(ifindex);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno("binding a packet socket to interface " + std::to_string(ifindex));
  }
  return Tap(std::move(fd), port);
}

void Tap::pump(const npu_view& tables,
               const std::function<void(const NeighbourEvent&)>& take) const {
  constexpr int at_most = 512;
  std::array<std::uint8_t, 256> bytes;
  for (int n = 0; n < at_most; ++n) {
    const ssize_t length =
        ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (length <= 0) {
      return;
    }
    const Frame frame(bytes.data(),
                      std::min<std::size_t>(static_cast<std::size_t>(length), bytes.size()));
    if (const auto heard = heard_in(port_, frame)) {
      take(*heard);
      continue;
    }
    npu_verdict verdict;
    npu_decide(&tables, &tables.ports[port_], frame.data(), frame.data() + frame.size(),
               static_cast<npu_u32>(length), &verdict);
    if (verdict.asks != 0) {
      take(asked_by(tables, verdict, frame));
    }
  }
}

}  // namespace issu::backends::soft
