#include "checkpoint/conditioner/self_test.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "checkpoint/conditioner/conditioner.hpp"
#include "checkpoint/conditioner/md5_keys.hpp"
#include "issu/base/fd.hpp"

namespace issu::checkpoint {
namespace {

constexpr int one_hop = 255;

Result<Fd> keyed_listener() {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd || ::listen(fd.get(), 1) != 0) {
    return fail_errno("listening on a TCP port");
  }
  conditioner::Md5Key key;
  key.family = 4;
  key.prefix_length = 32;
  key.address = {127, 0, 0, 1};
  key.key.assign(8, std::byte{'k'});
  ISSU_TRY(conditioner::write_md5_keys(fd.get(), AF_INET, std::span(&key, 1)), "");
  if (::setsockopt(fd.get(), IPPROTO_IP, IP_MINTTL, &one_hop, sizeof one_hop) != 0) {
    return fail_errno("setting IP_MINTTL");
  }
  return fd;
}

}  // namespace

Result<void> conditioner_self_test() {
  const auto listener = keyed_listener();
  if (!listener) {
    return fail(listener.error());
  }
  const std::array pids = {::getpid()};
  const auto collected = Conditioner::collect(pids);
  if (!collected) {
    return fail(collected.error());
  }
  if (collected->summary()["tcp_md5_keys"] != 1) {
    return fail("the kernel does not tell the TCP MD5 key of a socket");
  }
  const int none = 0;
  ::setsockopt(listener->get(), IPPROTO_IP, IP_MINTTL, &none, sizeof none);
  ISSU_TRY(collected->undo(pids), "");
  ISSU_TRY(collected->redo(pids), "");
  int hops = 0;
  socklen_t size = sizeof hops;
  ::getsockopt(listener->get(), IPPROTO_IP, IP_MINTTL, &hops, &size);
  if (hops != one_hop) {
    return fail("IP_MINTTL of a socket was not put back");
  }
  return {};
}

}  // namespace issu::checkpoint
