#include "checkpoint/conditioner/md5_reader.hpp"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "checkpoint/conditioner/md5_keys.hpp"
#include "checkpoint/conditioner/processes.hpp"
#include "issu/base/netns.hpp"

namespace issu::checkpoint::conditioner {
namespace {

/// What the kernel makes its parts of a list as large as, at the most.
constexpr std::size_t largest_part = 32768;

struct Request {
  nlmsghdr header{};
  inet_diag_req_v2 body{};
};

Request request_for(int family, std::uint16_t flags) {
  Request request;
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  request.body.sdiag_family = static_cast<std::uint8_t>(family);
  request.body.sdiag_protocol = IPPROTO_TCP;
  request.body.idiag_ext = 1U << (INET_DIAG_INFO - 1);  // the kernel tells keys behind it only
  request.body.idiag_states = ~0U;
  return request;
}

Result<void> send(int fd, const Request& request) {
  if (::send(fd, &request, sizeof request, 0) != static_cast<ssize_t>(sizeof request)) {
    return fail_errno("asking for TCP sockets");
  }
  return {};
}

/// One datagram. `room`: how much the reader has place for at least.
Result<SecretBytes> receive(int fd, std::size_t room) {
  const ssize_t size = ::recv(fd, nullptr, 0, MSG_PEEK | MSG_TRUNC);
  if (size < 0) {
    return fail_errno("reading TCP sockets");
  }
  SecretBytes answer(std::max(room, static_cast<std::size_t>(size)));
  const ssize_t count = ::recv(fd, answer.data(), answer.size(), 0);
  if (count < 0) {
    return fail_errno("reading TCP sockets");
  }
  answer.resize(static_cast<std::size_t>(count));
  return answer;
}

/// errno of an answer that is an error, 0 for any other.
int error_of(const SecretBytes& answer) {
  nlmsghdr header{};
  nlmsgerr error{};
  if (answer.size() < NLMSG_HDRLEN + sizeof error) {
    return 0;
  }
  std::memcpy(&header, answer.data(), sizeof header);
  std::memcpy(&error, answer.data() + NLMSG_HDRLEN, sizeof error);
  return header.nlmsg_type == NLMSG_ERROR ? -error.error : 0;
}

tl::unexpected<Error> refused(int error_number) {
  return fail(
      Error::from_errno("asking for TCP sockets", error_number, "the kernel needs tcp_diag"));
}

/// Address and port, both in network order, where inet_diag wants them.
void put_end(const sockaddr_storage& storage, __be32 (&address)[4], __be16& port) {
  if (storage.ss_family == AF_INET) {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, &storage, sizeof ipv4);
    std::memcpy(address, &ipv4.sin_addr, sizeof ipv4.sin_addr);
    port = ipv4.sin_port;
  } else if (storage.ss_family == AF_INET6) {
    sockaddr_in6 ipv6{};
    std::memcpy(&ipv6, &storage, sizeof ipv6);
    std::memcpy(address, &ipv6.sin6_addr, sizeof ipv6.sin6_addr);
    port = ipv6.sin6_port;
  }
}

bool is_closed(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  return ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 || info.tcpi_state == TCP_CLOSE;
}

}  // namespace

Result<Md5Reader> Md5Reader::open(const std::filesystem::path& netns) {
  Fd fd;
  ISSU_TRY(
      NetNs::inside(netns,
                    [&fd]() -> Result<void> {
                      fd = Fd(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
                      return fd ? Result<void>() : fail_errno("opening a sock_diag socket");
                    }),
      "reading TCP MD5 keys");
  return Md5Reader(std::move(fd));
}

Result<std::optional<std::vector<Md5Key>>> Md5Reader::ask_one(int fd) {
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  if (::getsockname(fd, static_cast<sockaddr*>(static_cast<void*>(&local)), &size) != 0) {
    return fail_errno("asking a socket for its address");
  }
  Request request = request_for(local.ss_family, 0);
  inet_diag_sockid& id = request.body.id;
  put_end(local, id.idiag_src, id.idiag_sport);
  sockaddr_storage remote{};
  size = local.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERNAME, &remote, &size) == 0) {
    put_end(remote, id.idiag_dst, id.idiag_dport);
  }
  size = sizeof id.idiag_if;
  ::getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &id.idiag_if, &size);
  std::uint64_t cookie = 0;  // with it no other socket of the same address is taken for it
  size = sizeof cookie;
  if (::getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) != 0) {
    return fail_errno("asking a socket for its cookie");
  }
  id.idiag_cookie[0] = static_cast<std::uint32_t>(cookie);
  id.idiag_cookie[1] = static_cast<std::uint32_t>(cookie >> 32U);
  ISSU_TRY(send(fd_.get(), request), "");
  auto answer = receive(fd_.get(), 0);
  if (!answer) {
    return fail(std::move(answer).error());
  }
  if (const int error_number = error_of(*answer); error_number != 0) {
    if (error_number == ENOENT || error_number == ESTALE) {
      return std::optional<std::vector<Md5Key>>();
    }
    return refused(error_number);
  }
  std::map<std::uint64_t, std::vector<Md5Key>> keys;
  parse_md5_keys(*answer, keys);
  const auto found = keys.find(inode_of(fd));
  return found == keys.end() ? std::optional<std::vector<Md5Key>>()
                             : std::optional(std::move(found->second));
}

/// A list has parts; a socket that does not fit into one ends it without a word. Parts are as
/// large as the largest buffer that the socket was ever read with, so it is read once before.
Result<void> Md5Reader::list_all() {
  listed_ = true;
  Request nothing = request_for(AF_INET, NLM_F_DUMP);
  nothing.body.idiag_states = 0;
  for (const Request& request :
       {nothing, request_for(AF_INET, NLM_F_DUMP), request_for(AF_INET6, NLM_F_DUMP)}) {
    ISSU_TRY(send(fd_.get(), request), "");
    for (bool at_end = false; !at_end;) {
      auto answer = receive(fd_.get(), largest_part);
      if (!answer) {
        return fail(std::move(answer).error());
      }
      if (const int error_number = error_of(*answer); error_number != 0) {
        return refused(error_number);
      }
      at_end = parse_md5_keys(*answer, all_);
    }
  }
  return {};
}

Result<std::vector<Md5Key>> Md5Reader::keys_of(int fd) {
  if (is_closed(fd)) {
    return std::vector<Md5Key>();
  }
  auto keys = ask_one(fd);
  if (!keys) {
    return pass(std::move(keys).error(), "reading TCP MD5 keys");
  }
  if (*keys) {
    return std::move(**keys);
  }
  if (!listed_) {
    ISSU_TRY(list_all(), "reading TCP MD5 keys");
  }
  if (const auto found = all_.find(inode_of(fd)); found != all_.end()) {
    return found->second;
  }
  if (is_closed(fd)) {
    return std::vector<Md5Key>();  // in the meantime
  }
  return fail("the kernel does not tell its TCP MD5 keys");
}

}  // namespace issu::checkpoint::conditioner
