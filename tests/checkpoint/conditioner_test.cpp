// Without CRIU: sockets that have lost everything, as they are after a restore, in a network
// namespace that this process moves into.

#include "checkpoint/conditioner/conditioner.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <map>

#include "checkpoint/conditioner/codec.hpp"
#include "checkpoint/conditioner/md5_keys.hpp"
#include "checkpoint/conditioner/netlink_groups.hpp"
#include "checkpoint/flow_lock.hpp"
#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "tests/checkpoint/strange_sockets.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

namespace issu::tests {
namespace {

using checkpoint::Conditioner;
using checkpoint::FlowLock;
using checkpoint::TcpFlow;
using namespace checkpoint::conditioner;

constexpr const char* our_netns = "/proc/self/ns/net";

/// Once for the whole program: the tests in it share the namespace, and it ends with them.
bool in_own_namespace() {
  static const bool moved = ::geteuid() == 0 && ::unshare(CLONE_NEWNET) == 0 &&
                            run_checked({"ip", "link", "set", "lo", "up"}).has_value();
  return moved;
}

#define NEEDS_NAMESPACE()                                \
  if (!in_own_namespace()) {                             \
    ISSU_SKIP("root is needed for a network namespace"); \
  }

void good(const Result<void>& result) {
  INFO((result ? "" : result.error().message()));
  REQUIRE(result.has_value());
}

std::array<pid_t, 1> us() {
  return {::getpid()};
}

Conditioner collect() {
  auto conditioner = Conditioner::collect(us());
  INFO((conditioner ? "" : conditioner.error().message()));
  REQUIRE(conditioner.has_value());
  return std::move(*conditioner);
}

Record record_of(const Conditioner& conditioner) {
  const TempDir folder;
  good(conditioner.save(folder / "state"));
  const std::string text = read_file(folder / "state").value();
  auto record = decode(std::as_bytes(std::span(text)));
  REQUIRE(record.has_value());
  return std::move(*record);
}

/// Plain sockets take the places of the strange ones, under the same numbers.
std::vector<StrangeSocket> forget(std::vector<StrangeSocket> strange) {
  std::map<std::string, int> numbers;
  for (const StrangeSocket& socket : strange) {
    numbers[socket.what] = socket.fd.get();
  }
  strange.clear();
  auto plain = make_plain_sockets("lo");
  for (StrangeSocket& socket : plain) {
    socket.fd = Fd(::fcntl(socket.fd.get(), F_DUPFD_CLOEXEC, 500));
  }
  for (StrangeSocket& socket : plain) {
    REQUIRE(::dup3(socket.fd.get(), numbers[socket.what], O_CLOEXEC) >= 0);
    socket.fd = Fd(numbers[socket.what]);
  }
  return plain;
}

Fd netlink(std::uint32_t groups, bool bound) {
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  if (bound) {
    const auto* any = static_cast<const sockaddr*>(static_cast<const void*>(&address));
    REQUIRE(::bind(fd.get(), any, sizeof address) == 0);
  }
  return fd;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Md5Key key_for_loopback(const std::string& text) {
  Md5Key key;
  key.family = 4;
  key.prefix_length = 32;
  key.address = {127, 0, 0, 1};
  const auto bytes = std::as_bytes(std::span(text));
  key.key.assign(bytes.begin(), bytes.end());
  return key;
}

/// A listening socket on a port of 127.0.0.1 with a number that it keeps.
Fd listener(std::uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  const auto* any = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  REQUIRE(::bind(fd.get(), any, sizeof address) == 0);
  REQUIRE(::listen(fd.get(), 5) == 0);
  return fd;
}

bool connects(std::uint16_t port, const std::string& key) {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Md5Key md5 = key_for_loopback(key);
  good(write_md5_keys(fd.get(), AF_INET, std::span(&md5, 1)));
  ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  const sockaddr_in address = loopback(port);
  const auto* any = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  ::connect(fd.get(), any, sizeof address);
  pollfd watched{fd.get(), POLLOUT, 0};
  return ::poll(&watched, 1, 500) == 1 && (watched.revents & (POLLERR | POLLHUP)) == 0;
}

}  // namespace

TEST_CASE("everything that sockets have lost is put back on those with the same numbers") {
  NEEDS_NAMESPACE();
  auto sockets = make_strange_sockets("lo");
  const Conditioner conditioner = collect();
  const Record before = record_of(conditioner);
  CHECK(conditioner.summary()["tcp_md5_keys"] == 4);
  CHECK(conditioner.summary()["multicast_memberships"] == 7);
  CHECK(conditioner.summary()["netlink_groups"] == 2);
  sockets = forget(std::move(sockets));
  CHECK_FALSE(record_of(collect()) == before);
  good(conditioner.redo(us()));
  CHECK(record_of(collect()) == before);
  good(conditioner.redo(us()));
  CHECK(record_of(collect()) == before);
}

TEST_CASE("a redo that was interrupted anywhere is done by the next one") {
  NEEDS_NAMESPACE();
  auto sockets = make_strange_sockets("lo");
  const Conditioner conditioner = collect();
  const Record before = record_of(conditioner);
  sockets = forget(std::move(sockets));
  for (int after_us = 0; after_us < 2000; after_us += 50) {
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child == 0) {
      const std::array pids = {parent};
      (void)conditioner.redo(pids);
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(after_us));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  good(conditioner.redo(us()));
  CHECK(record_of(collect()) == before);
}

TEST_CASE("undo leaves the groups that CRIU refuses, and only those") {
  NEEDS_NAMESPACE();
  const auto sockets = make_strange_sockets("lo");
  const int fd = sockets.back().fd.get();
  REQUIRE(sockets.back().what == "netlink");
  const Conditioner conditioner = collect();
  CHECK(read_groups(fd).value() == std::vector<std::uint32_t>{1, 33, 34});
  good(conditioner.undo(us()));
  good(conditioner.undo(us()));
  CHECK(read_groups(fd).value() == std::vector<std::uint32_t>{1});
  good(conditioner.redo(us()));
  CHECK(read_groups(fd).value() == std::vector<std::uint32_t>{1, 33, 34});
}

TEST_CASE("messages that wait in a netlink socket are told, with who holds it") {
  NEEDS_NAMESPACE();
  const Fd fd = netlink(1, true);  // links
  const Conditioner conditioner = collect();
  good(conditioner.undo(us()));
  REQUIRE(run_checked({"ip", "link", "set", "lo", "mtu", "60000"}).has_value());
  REQUIRE(
      wait_until([&] { return has_messages(fd.get()); }, Deadline::in(std::chrono::seconds(5))));
  const auto undone = conditioner.undo(us());
  REQUIRE_FALSE(undone.has_value());
  CHECK(undone.error().kind() == ErrorKind::timeout);
  CHECK(undone.error().message().find("descriptor " + std::to_string(fd.get())) !=
        std::string::npos);
  char buffer[8192];
  while (::recv(fd.get(), buffer, sizeof buffer, MSG_DONTWAIT) > 0) {
  }
  good(conditioner.undo(us()));
}

TEST_CASE("a socket that several processes share is one socket") {
  NEEDS_NAMESPACE();
  const Fd fd = listener(1801);
  const Fd other(::dup(fd.get()));
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const std::array pids = {::getpid(), child};
  auto conditioner = Conditioner::collect(pids);
  REQUIRE(conditioner.has_value());
  const Record record = record_of(*conditioner);
  std::size_t holders = 0;
  for (const Socket& socket : record.sockets) {
    holders = std::max(holders, socket.holders.size());
  }
  CHECK(holders == 4);
  CHECK(conditioner->summary()["processes"] == 2);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  good(conditioner->redo(pids));  // one of its holders is enough
}

TEST_CASE("a listening socket takes the peers with its key again") {
  NEEDS_NAMESPACE();
  Fd fd = listener(1802);
  const int number = fd.get();
  const Md5Key key = key_for_loopback("only us");
  good(write_md5_keys(fd.get(), AF_INET, std::span(&key, 1)));
  CHECK(connects(1802, "only us"));
  CHECK_FALSE(connects(1802, "somebody"));
  const Conditioner conditioner = collect();
  fd.reset();
  Fd plain = listener(1802);
  REQUIRE(plain.get() == number);
  CHECK_FALSE(connects(1802, "only us"));
  good(conditioner.redo(us()));
  CHECK(connects(1802, "only us"));
  CHECK_FALSE(connects(1802, "somebody"));
}

TEST_CASE("a socket that is gone is told without its key, and the others are put back") {
  NEEDS_NAMESPACE();
  Fd first = listener(1803);
  Fd second = listener(1804);
  const int number = second.get();
  const Md5Key key = key_for_loopback("only us");
  good(write_md5_keys(first.get(), AF_INET, std::span(&key, 1)));
  good(write_md5_keys(second.get(), AF_INET, std::span(&key, 1)));
  const Conditioner conditioner = collect();
  const std::string who = "descriptor " + std::to_string(first.get());
  first.reset();
  second.reset();
  const Fd datagram(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));  // another kind, same number
  const Fd again = listener(1804);
  REQUIRE(again.get() == number);
  const auto redone = conditioner.redo(us());
  REQUIRE_FALSE(redone.has_value());
  CHECK(redone.error().message().find(who) != std::string::npos);
  CHECK(redone.error().message().find("only us") == std::string::npos);
  CHECK(connects(1804, "only us"));
}

TEST_CASE("more keys than the attribute's length can tell are all seen") {
  NEEDS_NAMESPACE();
  const Fd fd = listener(1805);
  std::size_t count = 0;
  for (; count < 900; ++count) {
    Md5Key key = key_for_loopback("key " + std::to_string(count));
    key.address = {10, 0, static_cast<std::uint8_t>(count / 256),
                   static_cast<std::uint8_t>(count % 256)};
    if (!write_md5_keys(fd.get(), AF_INET, std::span(&key, 1))) {
      break;  // net.core.optmem_max is the limit
    }
  }
  MESSAGE("keys: " << count);
  CHECK(collect().summary()["tcp_md5_keys"] == count);
}

TEST_CASE("what CRIU can't dump is named before") {
  NEEDS_NAMESPACE();
  CHECK(collect().obstacles().empty());
  const Fd unbound = netlink(0, false);
  const std::uint32_t group = 1;
  good(join_groups(unbound.get(), std::span(&group, 1)));
  const auto found = collect().obstacles();
  REQUIRE(found.size() == 1);
  CHECK(found[0].find("descriptor " + std::to_string(unbound.get())) != std::string::npos);
  CHECK(found[0].find("not bound to a port") != std::string::npos);
}

TEST_CASE("processes of two network namespaces are refused; one that has ended is left out") {
  NEEDS_NAMESPACE();
  int ready[2];
  REQUIRE(::pipe2(ready, O_CLOEXEC) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::unshare(CLONE_NEWNET);
    (void)!::write(ready[1], "r", 1);
    ::pause();
    ::_exit(0);
  }
  char word = 0;
  REQUIRE(::read(ready[0], &word, 1) == 1);
  ::close(ready[0]);
  ::close(ready[1]);
  const std::array pids = {::getpid(), child};
  const auto refused = Conditioner::collect(pids);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind() == ErrorKind::refused);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(Conditioner::collect(pids).has_value());
  const auto nobody = Conditioner::collect(std::span<const pid_t>());
  REQUIRE(nobody.has_value());
  CHECK(nobody->flows().empty());
}

TEST_CASE("a lock of many flows of both families is made, seen and lifted") {
  NEEDS_NAMESPACE();
  std::vector<TcpFlow> flows;
  for (std::uint16_t n = 1; n <= 2000; ++n) {
    flows.push_back({4, {192, 0, 2, 1}, {192, 0, 2, 2}, 179, n});
    flows.push_back({6, {0x20, 1, 0xd, 0xb8}, {0x20, 1, 0xd, 0xb9}, n, 179});
    flows.push_back(flows.back());  // one twice does no harm
  }
  FlowLock lock(our_netns, "a router; with \"odd\" letters");
  CHECK_FALSE(lock.is_locked().value());
  good(lock.lock(flows, std::chrono::seconds(30)));
  CHECK(lock.is_locked().value());
  good(lock.lock({}, std::chrono::seconds(30)));
  CHECK_FALSE(lock.is_locked().value());
  good(lock.lift());
  CHECK(run_checked({"nft", "list", "ruleset"}).value().empty());
  CHECK_FALSE(lock.lock(flows, std::chrono::seconds(0)).has_value());
  CHECK_FALSE(lock.lock(flows, std::chrono::hours(25)).has_value());
  FlowLock nowhere("issu-none", "x");
  good(nowhere.lift());
  CHECK_FALSE(nowhere.is_locked().value());
  CHECK_FALSE(nowhere.lock(flows, std::chrono::seconds(1)).has_value());
}

}  // namespace issu::tests
