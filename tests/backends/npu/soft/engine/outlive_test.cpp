// Forwarding goes on while the process that owns it is killed or replaced.

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "tests/backends/npu/soft/engine/traffic.hpp"
#include "tests/skip.hpp"

namespace issu::backends::soft {
namespace {

constexpr std::size_t most_rings = 16;

/// Gives descriptors, and what is to be known of them, to another process (unix(7), SCM_RIGHTS).
void give(int socket, const std::vector<HandedRing>& rings) {
  alignas(cmsghdr) char control[CMSG_SPACE(most_rings * sizeof(int))] = {};
  iovec piece{const_cast<HandedRing*>(rings.data()), rings.size() * sizeof(HandedRing)};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(rings.size() * sizeof(int));
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(rings.size() * sizeof(int));
  for (std::size_t n = 0; n < rings.size(); ++n) {
    std::memcpy(CMSG_DATA(header) + n * sizeof(int), &rings[n].fd, sizeof(int));
  }
  ::sendmsg(socket, &message, 0);
}

std::vector<HandedRing> receive(int socket) {
  alignas(cmsghdr) char control[CMSG_SPACE(most_rings * sizeof(int))] = {};
  std::vector<HandedRing> rings(most_rings);
  iovec piece{rings.data(), rings.size() * sizeof(HandedRing)};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  REQUIRE(got > 0);
  rings.resize(static_cast<std::size_t>(got) / sizeof(HandedRing));
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  REQUIRE(header != nullptr);
  REQUIRE(header->cmsg_len == CMSG_LEN(rings.size() * sizeof(int)));
  for (std::size_t n = 0; n < rings.size(); ++n) {
    std::memcpy(&rings[n].fd, CMSG_DATA(header) + n * sizeof(int), sizeof(int));
  }
  return rings;
}

/// A process that owns an engine, as npud does.
class Owner {
 public:
  Owner(const NetworkLab& network, EngineKind kind) {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    socket_ = Fd(pair[0]);
    Fd theirs(pair[1]);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      live(network, kind, theirs.get());
      ::_exit(0);
    }
    theirs.reset();
    char ready = 0;
    REQUIRE(::recv(socket_.get(), &ready, 1, 0) == 1);
  }
  ~Owner() { kill(); }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;

  void kill() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      pid_ = 0;
    }
  }
  /// It stops at once, gives its rings away and ends.
  std::vector<HandedRing> hand_over() {
    REQUIRE(::send(socket_.get(), "h", 1, 0) == 1);
    auto rings = receive(socket_.get());
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
    return rings;
  }

 private:
  static void live(const NetworkLab& network, EngineKind kind, int socket) {
    // Never destroyed: this process ends by a signal or by _exit.
    auto* lab = new EngineLab(network, kind);
    const auto known = [&] {
      const auto neighbours = lab->writer().neighbours();
      std::size_t usable = 0;
      for (const auto& neighbour : neighbours) {
        usable += neighbour.state == NPU_NEIGHBOUR_REACHABLE ? 1U : 0U;
      }
      return usable >= 2;  // the gateways of both families
    };
    if (!lab->run_until(known)) {
      return;
    }
    ::send(socket, "r", 1, 0);
    char word = 0;
    lab->run_until([&] { return ::recv(socket, &word, 1, MSG_DONTWAIT) == 1; },
                   std::chrono::seconds(60));
    if (word == 'h') {
      give(socket, lab->packet().hand_over());
    }
  }

  Fd socket_;
  pid_t pid_ = 0;
};

constexpr unsigned per_second = 10'000;

void wait_for(const Stream& stream, std::uint64_t more) {
  const std::uint64_t until = stream.sent() + more;
  REQUIRE(
      wait_until([&] { return stream.sent() >= until; }, Deadline::in(std::chrono::seconds(30))));
}

TEST_CASE("xdp: killed with SIGKILL, nothing is lost, and the next one finds everything") {
  if (!is_root()) {
    ISSU_SKIP("network namespaces need root");
  }
  const NetworkLab network;
  Owner owner(network, EngineKind::xdp);
  {
    Stream stream(network, per_second);
    wait_for(stream, per_second);
    owner.kill();
    wait_for(stream, 3 * per_second);
    CHECK(stream.lost() == 0);
    MESSAGE("sent " << stream.sent() << ", lost " << stream.sent() - stream.received());
  }
  // The route processor is still reached.
  const UdpHost one(network, "h1", "192.0.2.2", 5000);
  const UdpHost own(network, "rp", "192.0.2.1", 5000);
  CHECK(wait_until(
      [&] {
        one.send("192.0.2.1", 5000, "there");
        sleep_for(std::chrono::milliseconds(20));
        return own.receive() == "there";
      },
      Deadline::in(std::chrono::seconds(5))));
  Stream stream(network, per_second);
  wait_for(stream, per_second / 2);
  EngineLab lab(network, EngineKind::xdp);
  CHECK(lab.writer().report().routes == 10);
  wait_for(stream, per_second / 2);
  CHECK(stream.lost() == 0);
}

TEST_CASE("xdp: replaced while both run, nothing is lost") {
  if (!is_root()) {
    ISSU_SKIP("network namespaces need root");
  }
  const NetworkLab network;
  const Owner first(network, EngineKind::xdp);
  Stream stream(network, per_second);
  wait_for(stream, per_second);
  for (int n = 0; n < 10; ++n) {
    const XdpTables arrays =
        XdpTables::open(network.dir() / "bpf", small_capacities(), network.dir() / "tables")
            .value();
    REQUIRE(arrays.found());
    network.inside("npu", [&] {
      auto engine = XdpEngine::start(arrays);
      REQUIRE(engine);
      CHECK((*engine)->set_ports(network.places()));
      CHECK((*engine)->is_fast(0));
    });
    wait_for(stream, per_second / 10);
  }
  CHECK(stream.lost() == 0);
}

TEST_CASE("packet: rings handed to another process, nothing is lost") {
  if (!is_root()) {
    ISSU_SKIP("network namespaces need root");
  }
  const NetworkLab network;
  Owner owner(network, EngineKind::packet);
  Stream stream(network, per_second);
  wait_for(stream, per_second);
  const MonoNs begin = mono_now();
  auto rings = owner.hand_over();
  CHECK(rings.size() == 4);
  EngineLab lab(network, EngineKind::packet, std::move(rings));
  MESSAGE("handed over in " << to_ms(mono_now() - begin) << " ms");
  wait_for(stream, 2 * per_second);
  CHECK(stream.lost() == 0);
}

TEST_CASE("packet: killed with SIGKILL, what was sent meanwhile is lost, the tables are not") {
  if (!is_root()) {
    ISSU_SKIP("network namespaces need root");
  }
  const NetworkLab network;
  Owner owner(network, EngineKind::packet);
  Stream stream(network, per_second);
  wait_for(stream, per_second);
  owner.kill();
  wait_for(stream, per_second / 10);
  EngineLab lab(network, EngineKind::packet);
  CHECK(lab.writer().report().routes == 10);
  wait_for(stream, per_second);
  const std::uint64_t lost = stream.lost();
  MESSAGE("lost " << lost << " of " << stream.sent());
  CHECK(lost > 0);
  CHECK(lost < stream.sent() / 2);
}

}  // namespace
}  // namespace issu::backends::soft
