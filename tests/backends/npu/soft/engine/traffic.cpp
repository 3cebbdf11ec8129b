#include "tests/backends/npu/soft/engine/traffic.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <memory>

namespace issu::backends::soft {
namespace {

constexpr std::uint16_t stream_port = 7000;

socklen_t socket_address(const std::string& text, std::uint16_t port, sockaddr_storage& made) {
  const tables::Address parsed = frames::address(text);
  made = {};
  if (parsed.family == 4) {
    auto* four = reinterpret_cast<sockaddr_in*>(&made);
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    std::memcpy(&four->sin_addr, parsed.bytes.data(), 4);
    return sizeof *four;
  }
  auto* six = reinterpret_cast<sockaddr_in6*>(&made);
  six->sin6_family = AF_INET6;
  six->sin6_port = htons(port);
  std::memcpy(&six->sin6_addr, parsed.bytes.data(), 16);
  return sizeof *six;
}

}  // namespace

UdpHost::UdpHost(const NetworkLab& network, const std::string& host, const std::string& own,
                 std::uint16_t port) {
  network.inside(host, [&] {
    sockaddr_storage address{};
    const socklen_t bytes = socket_address(own, port, address);
    family_ = address.ss_family;
    socket_ = Fd(::socket(family_, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int room = 16 << 20;
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    // What is too big for the path is sent in one piece, and told of.
    const int probe = IP_PMTUDISC_PROBE;
    ::setsockopt(socket_.get(), IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof probe);
    ::setsockopt(socket_.get(), IPPROTO_IPV6, IPV6_MTU_DISCOVER, &probe, sizeof probe);
    REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), bytes) == 0);
  });
}

void UdpHost::send(const std::string& to, std::uint16_t port, const std::string& text,
                   int hop_limit) const {
  sockaddr_storage address{};
  const socklen_t bytes = socket_address(to, port, address);
  const bool four = family_ == AF_INET;
  ::setsockopt(socket_.get(), four ? IPPROTO_IP : IPPROTO_IPV6, four ? IP_TTL : IPV6_UNICAST_HOPS,
               &hop_limit, sizeof hop_limit);
  // An ICMP error that came for an earlier packet is reported here: once more.
  for (int n = 0; n < 2; ++n) {
    if (::sendto(socket_.get(), text.data(), text.size(), 0,
                 reinterpret_cast<const sockaddr*>(&address), bytes) >= 0) {
      return;
    }
  }
}

std::string UdpHost::receive() const {
  std::string text(2048, '\0');
  const ssize_t got = ::recv(socket_.get(), text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

Stream::Stream(const NetworkLab& network, unsigned per_second)
    : from4_(network, "h1", "192.0.2.2", stream_port),
      from6_(network, "h1", "2001:db8:1::2", stream_port),
      to4_(network, "h2", "203.0.113.1", stream_port),
      to6_(network, "h2", "2001:db8:ffff::1", stream_port) {
  receiver_ = std::thread([this] { receive_all(); });
  sender_ = std::thread([this, per_second] { send_all(per_second); });
}

void Stream::send_all(unsigned per_second) {
  const MonoNs begin = mono_now();
  while (!stop_sending_) {
    const auto due = static_cast<std::uint64_t>(to_s(mono_now() - begin) * per_second);
    while (sent_ < due && !stop_sending_) {
      const std::uint64_t number = sent_;
      const std::string text(reinterpret_cast<const char*>(&number), sizeof number);
      number % 2 == 0 ? from4_.send("203.0.113.1", stream_port, text)
                      : from6_.send("2001:db8:ffff::1", stream_port, text);
      ++sent_;
    }
    sleep_for(std::chrono::microseconds(500));
  }
}

void Stream::receive_all() {
  std::vector<bool> seen;
  while (!stop_receiving_) {
    pollfd polled[2] = {{to4_.fd(), POLLIN, 0}, {to6_.fd(), POLLIN, 0}};
    ::poll(polled, 2, 20);
    for (const UdpHost* host : {&to4_, &to6_}) {
      for (std::string text = host->receive(); text.size() == sizeof(std::uint64_t);
           text = host->receive()) {
        std::uint64_t number = 0;
        std::memcpy(&number, text.data(), sizeof number);
        seen.resize(std::max<std::size_t>(seen.size(), number + 1));
        received_ += seen[number] ? 0U : 1U;
        seen[number] = true;
      }
    }
  }
}

void Stream::stop() {
  stop_sending_ = true;
  if (sender_.joinable()) {
    sender_.join();
  }
  wait_until([&] { return received_ == sent_; }, Deadline::in(std::chrono::milliseconds(500)));
  stop_receiving_ = true;
  if (receiver_.joinable()) {
    receiver_.join();
  }
}

std::uint64_t Stream::lost() {
  stop();
  return sent_ - received_;
}

Capture::Capture(const NetworkLab& network, const std::string& name, const std::string& interface) {
  network.inside(name, [&] {
    socket_ = Fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int yes = 1;
    ::setsockopt(socket_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes);
    const int room = 8 << 20;  // it is not looked at all the time
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
    REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
            0);
  });
}

std::vector<frames::Bytes> Capture::take() const {
  std::vector<frames::Bytes> taken;
  for (;;) {
    frames::Bytes frame(2048);
    const ssize_t got = ::recv(socket_.get(), frame.data(), frame.size(), 0);
    if (got <= 0) {
      return taken;
    }
    frame.resize(static_cast<std::size_t>(got));
    taken.push_back(std::move(frame));
  }
}

SlotTap::SlotTap(const NetworkLab& network, const std::string& name) {
  network.inside("npu", [&] {
    machine_ = Fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
    ifreq request{};
    std::memcpy(request.ifr_name, name.c_str(), name.size() + 1);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    REQUIRE(::ioctl(machine_.get(), TUNSETIFF, &request) == 0);
    REQUIRE(::ioctl(machine_.get(), TUNSETPERSIST, 1) == 0);
    index_ = ::if_nametoindex(name.c_str());
  });
  network.ip("npu", "link set " + name + " up\n");
}

std::vector<frames::Bytes> SlotTap::take() const {
  std::vector<frames::Bytes> taken;
  for (;;) {
    frames::Bytes frame(2048);
    const ssize_t got = ::read(machine_.get(), frame.data(), frame.size());
    if (got <= 0) {
      return taken;
    }
    frame.resize(static_cast<std::size_t>(got));
    taken.push_back(std::move(frame));
  }
}

void SlotTap::send(const frames::Bytes& frame) const {
  CHECK(::write(machine_.get(), frame.data(), frame.size()) == static_cast<ssize_t>(frame.size()));
}

FrameSender::FrameSender(const NetworkLab& network, const std::string& name,
                         const std::string& interface) {
  network.inside(name, [&] {
    socket_.emplace(TxSocket::open(static_cast<int>(::if_nametoindex(interface.c_str()))).value());
  });
}

void FrameSender::send(const frames::Bytes& frame) const {
  CHECK(socket_->send(frame));
}

}  // namespace issu::backends::soft
