// Frames by the send ring: whole, in order, and the ring goes on after what could not be sent.

#include "backends/npu/soft/engine/tx_ring.hpp"

#include <doctest/doctest.h>
#include <net/if.h>

#include "tests/backends/npu/soft/engine/traffic.hpp"
#include "tests/skip.hpp"

namespace issu::backends::soft {
namespace {

constexpr std::size_t ring_frames = 512;

/// Nothing but the ports speaks here: the number says which frame it is.
frames::Bytes numbered(unsigned number, std::size_t bytes) {
  frames::Packet packet;
  packet.source_port = static_cast<std::uint16_t>(number);
  frames::Bytes frame = frames::udp(packet);
  frame.resize(bytes, static_cast<std::uint8_t>(number));
  return frame;
}

/// Those of `numbered`, as they came.
std::vector<frames::Bytes> of_ours(const Capture& host) {
  std::vector<frames::Bytes> ours;
  for (frames::Bytes& frame : host.take()) {
    if (frame.size() > 36 && frame[12] == 0x08 && frame[13] == 0x00) {
      ours.push_back(std::move(frame));
    }
  }
  return ours;
}

TxRing ring_at(const NetworkLab& network, const char* interface) {
  std::optional<TxRing> ring;
  network.inside("npu", [&] {
    auto opened = TxRing::open(static_cast<int>(::if_nametoindex(interface)));
    REQUIRE_MESSAGE(opened, opened.error().message());
    ring.emplace(std::move(*opened));
  });
  return std::move(*ring);
}

}  // namespace

TEST_CASE("send ring: frames arrive whole and in order, more than the ring has slots") {
  if (!is_root()) {
    ISSU_SKIP("network namespaces need root");
  }
  const NetworkLab network;
  const Capture host(network, "h1", "e0");
  TxRing ring = ring_at(network, "p1");
  unsigned number = 0;
  for (std::size_t batch = 0; batch < ring_frames / 16 + 8; ++batch) {
    std::vector<frames::Bytes> sent;
    for (int n = 0; n < 16; ++n, ++number) {
      sent.push_back(numbered(number, 60 + number * 7 % 1400));
      REQUIRE(ring.add(sent.back()));
    }
    CHECK(ring.flush() == 0);
    CHECK(of_ours(host) == sent);
  }
}

TEST_CASE("send ring: what does not fit is refused, what was added is sent all the same") {
  if (!is_root()) {
    ISSU_SKIP("network namespaces need root");
  }
  const NetworkLab network;
  TxRing ring = ring_at(network, "p1");
  CHECK_FALSE(ring.add(frames::Bytes(4000)));
  for (unsigned n = 0; n < ring_frames; ++n) {
    REQUIRE(ring.add(numbered(n, 60)));
  }
  CHECK_FALSE(ring.add(numbered(0, 60)));
  CHECK(ring.flush() == 0);
  CHECK(ring.add(numbered(0, 60)));
  CHECK(ring.flush() == 0);
}

TEST_CASE("send ring: at a port that is down all is lost and counted, once it is up none is") {
  if (!is_root()) {
    ISSU_SKIP("network namespaces need root");
  }
  const NetworkLab network;
  const Capture host(network, "h1", "e0");
  TxRing ring = ring_at(network, "p1");
  network.ip("npu", "link set p1 down\n");
  for (unsigned n = 0; n < 5; ++n) {
    REQUIRE(ring.add(numbered(n, 60)));
  }
  CHECK(ring.flush() == 5);
  network.ip("npu", "link set p1 up\n");
  // Packet sockets are told once that the interface was down.
  for (unsigned n = 0; n < 2; ++n) {
    REQUIRE(ring.add(numbered(n, 60)));
    (void)ring.flush();
  }
  (void)of_ours(host);
  const std::vector<frames::Bytes> sent{numbered(7, 60), numbered(8, 90), numbered(9, 1200)};
  for (const frames::Bytes& frame : sent) {
    REQUIRE(ring.add(frame));
  }
  CHECK(ring.flush() == 0);
  CHECK(of_ours(host) == sent);
  network.ip("npu", "link delete p1\n");
  REQUIRE(ring.add(numbered(1, 60)));
  REQUIRE(ring.add(numbered(2, 60)));
  CHECK(ring.flush() == 2);
}

}  // namespace issu::backends::soft
