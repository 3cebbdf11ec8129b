#include "checkpoint/conditioner/md5_keys.hpp"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "issu/base/fd.hpp"
#include "issu/base/netns.hpp"

namespace issu::checkpoint::conditioner {
namespace {

using KeysByInode = std::map<std::uint64_t, std::vector<Md5Key>>;

struct Request {
  nlmsghdr header{};
  inet_diag_req_v2 body{};
};

template <typename T>
bool take(std::span<const std::byte> bytes, T& value) {
  if (bytes.size() < sizeof value) {
    return false;
  }
  std::memcpy(&value, bytes.data(), sizeof value);
  return true;
}

void take_keys(std::span<const std::byte> bytes, std::vector<Md5Key>& keys) {
  tcp_diag_md5sig entry{};
  const WipeAtEnd wipe(entry);
  for (; take(bytes, entry); bytes = bytes.subspan(sizeof entry)) {
    const bool four = entry.tcpm_family == AF_INET;
    if ((!four && entry.tcpm_family != AF_INET6) || entry.tcpm_keylen == 0 ||
        entry.tcpm_keylen > sizeof entry.tcpm_key || entry.tcpm_prefixlen > (four ? 32 : 128)) {
      continue;
    }
    Md5Key key;
    key.family = four ? 4 : 6;
    key.prefix_length = entry.tcpm_prefixlen;
    std::memcpy(key.address.data(), entry.tcpm_addr, four ? 4 : 16);
    const auto secret = std::as_bytes(std::span(entry.tcpm_key)).first(entry.tcpm_keylen);
    key.key.assign(secret.begin(), secret.end());
    keys.push_back(std::move(key));
  }
  std::sort(keys.begin(), keys.end());  // the kernel has them in no order of its own
}

/// The length of an attribute has 16 bits, and the kernel does not mind when the keys take more:
/// what follows them is short, so the message's own length tells.
std::size_t length_of_keys(std::size_t told, std::size_t left) {
  constexpr std::size_t wrap = 65536;
  return told + (left - told) / wrap * wrap;
}

void take_socket(std::span<const std::byte> body, KeysByInode& keys) {
  inet_diag_msg socket{};
  if (!take(body, socket)) {
    return;
  }
  auto left = body.subspan(NLMSG_ALIGN(sizeof socket));
  nlattr attribute{};
  while (take(left, attribute) && attribute.nla_len >= NLA_HDRLEN &&
         attribute.nla_len <= left.size()) {
    if (attribute.nla_type == INET_DIAG_MD5SIG) {
      const std::size_t length = length_of_keys(attribute.nla_len, left.size());
      take_keys(left.subspan(NLA_HDRLEN, length - NLA_HDRLEN), keys[socket.idiag_inode]);
      return;
    }
    left = left.subspan(std::min<std::size_t>(NLA_ALIGN(attribute.nla_len), left.size()));
  }
}

Result<void> ask(int fd, int family, KeysByInode& keys) {
  Request request;
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.body.sdiag_family = static_cast<std::uint8_t>(family);
  request.body.sdiag_protocol = IPPROTO_TCP;
  request.body.idiag_ext = 1U << (INET_DIAG_INFO - 1);  // the kernel tells keys behind it only
  request.body.idiag_states = ~0U;
  if (::send(fd, &request, sizeof request, 0) != static_cast<ssize_t>(sizeof request)) {
    return fail_errno("asking for the TCP sockets of a network namespace");
  }
  SecretBytes answer;
  for (;;) {
    const ssize_t size = ::recv(fd, nullptr, 0, MSG_PEEK | MSG_TRUNC);
    if (size < 0) {
      return fail_errno("reading the TCP sockets of a network namespace");
    }
    answer.resize(static_cast<std::size_t>(size));
    if (::recv(fd, answer.data(), answer.size(), 0) != size) {
      return fail_errno("reading the TCP sockets of a network namespace");
    }
    nlmsghdr first{};
    nlmsgerr error{};
    if (take(answer, first) && first.nlmsg_type == NLMSG_ERROR &&
        take(std::span<const std::byte>(answer).subspan(NLMSG_HDRLEN), error)) {
      return fail(Error::from_errno("asking for the TCP sockets of a network namespace",
                                    -error.error, "the kernel needs tcp_diag"));
    }
    if (parse_md5_keys(answer, keys)) {
      return {};
    }
  }
}

}  // namespace

bool parse_md5_keys(std::span<const std::byte> messages, KeysByInode& keys) {
  nlmsghdr header{};
  while (take(messages, header) && header.nlmsg_len >= NLMSG_HDRLEN &&
         header.nlmsg_len <= messages.size()) {
    if (header.nlmsg_type == NLMSG_DONE) {
      return true;
    }
    if (header.nlmsg_type == SOCK_DIAG_BY_FAMILY) {
      take_socket(messages.subspan(NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN), keys);
    }
    messages =
        messages.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), messages.size()));
  }
  return false;
}

Result<KeysByInode> read_md5_keys(const std::filesystem::path& netns) {
  KeysByInode keys;
  const auto read = [&keys]() -> Result<void> {
    const Fd fd(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    if (!fd) {
      return fail_errno("opening a sock_diag socket");
    }
    ISSU_TRY(ask(fd.get(), AF_INET, keys), "");
    return ask(fd.get(), AF_INET6, keys);
  };
  ISSU_TRY(NetNs::inside(netns, read), "reading TCP MD5 keys");
  return keys;
}

Result<void> write_md5_keys(int fd, int family, std::span<const Md5Key> keys) {
  for (const Md5Key& key : keys) {
    tcp_md5sig request{};
    const WipeAtEnd wipe(request);
    if (family == AF_INET) {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      std::memcpy(&address.sin_addr, key.address.data(), 4);
      std::memcpy(&request.tcpm_addr, &address, sizeof address);
    } else {
      sockaddr_in6 address{};
      address.sin6_family = AF_INET6;
      if (key.family == 4) {  // an IPv6 socket names IPv4 peers ::ffff:192.0.2.1
        address.sin6_addr.s6_addr[10] = 0xff;
        address.sin6_addr.s6_addr[11] = 0xff;
        std::memcpy(&address.sin6_addr.s6_addr[12], key.address.data(), 4);
      } else {
        std::memcpy(&address.sin6_addr, key.address.data(), 16);
      }
      std::memcpy(&request.tcpm_addr, &address, sizeof address);
    }
    request.tcpm_flags = TCP_MD5SIG_FLAG_PREFIX;
    request.tcpm_prefixlen = key.prefix_length;
    request.tcpm_keylen = static_cast<std::uint16_t>(key.key.size());
    std::memcpy(request.tcpm_key, key.key.data(),
                std::min(key.key.size(), sizeof request.tcpm_key));
    if (::setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG_EXT, &request, sizeof request) != 0) {
      return fail_errno("setting the TCP MD5 key for " + address_text(key.family, key.address) +
                        "/" + std::to_string(key.prefix_length));
    }
  }
  return {};
}

}  // namespace issu::checkpoint::conditioner
