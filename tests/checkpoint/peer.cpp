#include "tests/checkpoint/peer.hpp"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <sstream>
#include <vector>

#include "checkpoint/conditioner/md5_keys.hpp"
#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/netns.hpp"

namespace issu::tests {
namespace {

constexpr int min_hop_count = 73;  // IPV6_MINHOPCOUNT

bool is_six(const std::string& address) {
  return address.find(':') != std::string::npos;
}

}  // namespace

Result<Peer> Peer::listen(const std::string& netns, const std::string& address,
                          const std::string& from, const std::string& key) {
  Peer peer;
  const int family = is_six(address) ? AF_INET6 : AF_INET;
  ISSU_TRY(NetNs::inside(NetNs::path_of(netns),
                         [&]() -> Result<void> {
                           peer.listener_ = Fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
                           return {};
                         }),
           "");
  const int fd = peer.listener_.get();
  if (!key.empty()) {
    checkpoint::conditioner::Md5Key md5;
    md5.family = is_six(from) ? 6 : 4;
    md5.prefix_length = is_six(from) ? 128 : 32;
    ::inet_pton(family, from.c_str(), md5.address.data());
    const auto bytes = std::as_bytes(std::span(key));
    md5.key.assign(bytes.begin(), bytes.end());
    ISSU_TRY(write_md5_keys(fd, family, std::span(&md5, 1)), "");
  }
  const int hops = 255;
  const int least = key.empty() ? 0 : hops;
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_in);
  if (family == AF_INET) {
    sockaddr_in ipv4{};
    ipv4.sin_family = AF_INET;
    ::inet_pton(AF_INET, address.c_str(), &ipv4.sin_addr);
    std::memcpy(&storage, &ipv4, sizeof ipv4);
    ::setsockopt(fd, IPPROTO_IP, IP_TTL, &hops, sizeof hops);
    ::setsockopt(fd, IPPROTO_IP, IP_MINTTL, &least, sizeof least);
  } else {
    sockaddr_in6 ipv6{};
    ipv6.sin6_family = AF_INET6;
    ::inet_pton(AF_INET6, address.c_str(), &ipv6.sin6_addr);
    size = sizeof ipv6;
    std::memcpy(&storage, &ipv6, sizeof ipv6);
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof hops);
    ::setsockopt(fd, IPPROTO_IPV6, min_hop_count, &least, sizeof least);
  }
  auto* any = static_cast<sockaddr*>(static_cast<void*>(&storage));
  if (::bind(fd, any, size) != 0 || ::listen(fd, 1) != 0 || ::getsockname(fd, any, &size) != 0) {
    return fail_errno("listening on " + address);
  }
  sockaddr_in port_part{};  // at the same place in both families
  std::memcpy(&port_part, &storage, sizeof port_part);
  peer.port_ = ntohs(port_part.sin_port);
  return peer;
}

Result<void> Peer::accept() {
  pollfd watched{listener_.get(), POLLIN, 0};
  if (::poll(&watched, 1, 5000) != 1) {
    return fail("nobody connects");
  }
  session_ = Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  return session_ ? Result<void>() : fail_errno("accepting");
}

Result<void> Peer::send(const std::string& text) const {
  if (::send(session_.get(), text.data(), text.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(text.size())) {
    return fail_errno("sending");
  }
  return {};
}

std::string Peer::receive(std::size_t size, int milliseconds) const {
  std::string text;
  const Deadline deadline = Deadline::in(std::chrono::milliseconds(milliseconds));
  while (text.size() < size) {
    pollfd watched{session_.get(), POLLIN, 0};
    if (::poll(&watched, 1, deadline.left_ms()) != 1) {
      break;
    }
    char buffer[4096];
    const ssize_t count = ::recv(session_.get(), buffer, sizeof buffer, 0);
    if (count <= 0) {
      break;
    }
    text.append(buffer, static_cast<std::size_t>(count));
  }
  return text;
}

int Peer::error() const {
  int error_number = 0;
  socklen_t size = sizeof error_number;
  ::getsockopt(session_.get(), SOL_SOCKET, SO_ERROR, &error_number, &size);
  return error_number;
}

std::uint64_t counter(const std::string& netns, const std::string& name) {
  RunOptions options;
  options.netns = NetNs::path_of(netns);
  std::istringstream lines(
      run_checked({"cat", "/proc/thread-self/net/netstat", "/proc/thread-self/net/snmp"}, options)
          .value_or(""));
  std::string names;
  for (std::string line; std::getline(lines, line);) {
    if (names.empty()) {
      names = line;
      continue;
    }
    std::istringstream heads(names);
    std::istringstream values(line);
    names.clear();
    std::string head;
    std::string value;
    while (heads >> head && values >> value) {
      if (head == name) {
        return std::stoull(value);
      }
    }
  }
  return 0;
}

}  // namespace issu::tests
