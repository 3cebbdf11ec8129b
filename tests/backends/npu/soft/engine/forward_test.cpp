// Real packets through each engine: forwarded, punted, dropped and counted.

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/backends/npu/soft/engine/traffic.hpp"
#include "tests/skip.hpp"

namespace issu::backends::soft {
namespace {

using frames::Bytes;

constexpr EngineKind engines[] = {EngineKind::packet, EngineKind::xdp};

const char* name_of(EngineKind kind) {
  return kind == EngineKind::packet ? "packet" : "xdp";
}

/// One datagram each way arrives, after as many tries as finding the neighbours takes.
void check_both_ways(EngineLab& lab, const UdpHost& one, const std::string& one_address,
                     const UdpHost& other, const std::string& other_address) {
  std::string got;
  CHECK(lab.run_until([&] {
    one.send(other_address, 5000, "there");
    lab.run_for(std::chrono::milliseconds(30));
    got = other.receive();
    return !got.empty();
  }));
  CHECK(got == "there");
  got.clear();
  CHECK(lab.run_until([&] {
    other.send(one_address, 5000, "and back");
    lab.run_for(std::chrono::milliseconds(30));
    got = one.receive();
    return !got.empty();
  }));
  CHECK(got == "and back");
}

TEST_CASE("packets of both families, both ways, through each engine") {
  if (!is_root()) {
    ISSU_SKIP("network namespaces need root");
  }
  for (const EngineKind kind : engines) {
    INFO(name_of(kind));
    const NetworkLab network;
    EngineLab lab(network, kind);
    CHECK(lab.fast() == (kind == EngineKind::xdp));
    const UdpHost one4(network, "h1", "192.0.2.2", 5000);
    const UdpHost one6(network, "h1", "2001:db8:1::2", 5000);
    const UdpHost other4(network, "h2", "198.51.100.2", 5000);
    const UdpHost other6(network, "h2", "2001:db8:2::2", 5000);
    check_both_ways(lab, one4, "192.0.2.2", other4, "198.51.100.2");
    check_both_ways(lab, one6, "2001:db8:1::2", other6, "2001:db8:2::2");
    CHECK(lab.counter(0, NPU_RX_PACKETS) >= 2);
    CHECK(lab.counter(1, NPU_TX_PACKETS) >= 2);
    CHECK(lab.counter(0, NPU_TX_PACKETS) >= 2);
    // Behind a gateway.
    const UdpHost far4(network, "h2", "203.0.113.1", 5000);
    const UdpHost far6(network, "h2", "2001:db8:ffff::1", 5000);
    check_both_ways(lab, one4, "192.0.2.2", far4, "203.0.113.1");
    check_both_ways(lab, one6, "2001:db8:1::2", far6, "2001:db8:ffff::1");
  }
}

TEST_CASE("the route processor is reached, and reaches the hosts") {
  if (!is_root()) {
    ISSU_SKIP("network namespaces need root");
  }
  for (const EngineKind kind : engines) {
    INFO(name_of(kind));
    const NetworkLab network;
    EngineLab lab(network, kind);
    const UdpHost one4(network, "h1", "192.0.2.2", 5000);
    const UdpHost one6(network, "h1", "2001:db8:1::2", 5000);
    const UdpHost own4(network, "rp", "198.51.100.1", 5000);
    const UdpHost own6(network, "rp", "2001:db8:1::1", 5000);
    check_both_ways(lab, one4, "192.0.2.2", own4, "198.51.100.1");
    check_both_ways(lab, one6, "2001:db8:1::2", own6, "2001:db8:1::1");
    CHECK(lab.counter(0, NPU_PUNT_PACKETS) >= 2);
    CHECK(lab.counter(0, NPU_INJECT_PACKETS) >= 2);
  }
}

/// Whether an ICMP error of this type and code came to h1 after `provoke`, a few times.
bool is_told(EngineLab& lab, const Capture& host, unsigned version, unsigned type, unsigned code,
             const std::function<void()>& provoke) {
  const std::size_t header = version == 4 ? 34 : 54;
  const std::size_t protocol_at = version == 4 ? 23 : 20;
  return lab.run_until([&] {
    provoke();
    lab.run_for(std::chrono::milliseconds(50));
    return std::ranges::any_of(host.take(), [&](const Bytes& frame) {
      return frame.size() > header + 2 && frame[protocol_at] == (version == 4 ? 1 : 58) &&
             frame[header] == type && frame[header + 1] == code;
    });
  });
}

TEST_CASE("expired and too big packets are answered by the route processor's kernel") {
  if (!is_root()) {
    ISSU_SKIP("network namespaces need root");
  }
  for (const EngineKind kind : engines) {
    INFO(name_of(kind));
    const NetworkLab network;
    EngineLab lab(network, kind);
    const UdpHost one4(network, "h1", "192.0.2.2", 5000);
    const UdpHost one6(network, "h1", "2001:db8:1::2", 5000);
    const UdpHost far4(network, "h2", "203.0.113.1", 5000);
    const UdpHost far6(network, "h2", "2001:db8:ffff::1", 5000);
    check_both_ways(lab, one4, "192.0.2.2", far4, "203.0.113.1");
    check_both_ways(lab, one6, "2001:db8:1::2", far6, "2001:db8:ffff::1");
    const Capture host(network, "h1", "e0");
    const std::string big(1450, 'x');
    CHECK(is_told(lab, host, 4, 11, 0, [&] { one4.send("203.0.113.1", 5000, "x", 1); }));
    CHECK(is_told(lab, host, 6, 3, 0, [&] { one6.send("2001:db8:ffff::1", 5000, "x", 1); }));
    CHECK(is_told(lab, host, 4, 3, 4, [&] { one4.send("203.0.113.1", 5000, big); }));
    CHECK(is_told(lab, host, 6, 2, 0, [&] { one6.send("2001:db8:ffff::1", 5000, big); }));
    CHECK(far4.receive().empty());
  }
}

TEST_CASE("a packet without a route is answered: destination unreachable, policed, counted") {
  if (!is_root()) {
    ISSU_SKIP("network namespaces need root");
  }
  for (const EngineKind kind : engines) {
    INFO(name_of(kind));
    const NetworkLab network;
    EngineLab lab(network, kind);
    const UdpHost one4(network, "h1", "192.0.2.2", 5000);
    const UdpHost one6(network, "h1", "2001:db8:1::2", 5000);
    const Capture host(network, "h1", "e0");
    CHECK(is_told(lab, host, 4, 3, 0, [&] { one4.send("10.1.1.1", 5000, "x"); }));
    CHECK(is_told(lab, host, 6, 1, 0, [&] { one6.send("2001:db8:9::1", 5000, "x"); }));
    CHECK(lab.counter(0, NPU_DROP_NO_ROUTE) >= 2);
    // A flood: each is counted as what it is, only as many as the policer lets are punted.
    const FrameSender wire(network, "h1", "e0");
    frames::Packet lost;
    lost.destination = "10.1.1.1";
    const std::uint64_t before = lab.counter(0, NPU_DROP_NO_ROUTE);
    const std::uint64_t punted = lab.counter(0, NPU_PUNT_PACKETS);
    const std::uint64_t policed = lab.counter(0, NPU_DROP_POLICED);
    constexpr std::uint64_t flood = 5'000;
    for (std::uint64_t n = 0; n < flood; ++n) {
      wire.send(frames::udp(lost));
    }
    CHECK(lab.run_until([&] { return lab.counter(0, NPU_DROP_NO_ROUTE) >= before + flood; }));
    CHECK(lab.counter(0, NPU_PUNT_PACKETS) > punted);
    CHECK(lab.counter(0, NPU_PUNT_PACKETS) < punted + flood / 2);
    CHECK(lab.counter(0, NPU_DROP_POLICED) == policed);
  }
}

TEST_CASE("what can't be forwarded is dropped and counted") {
  if (!is_root()) {
    ISSU_SKIP("network namespaces need root");
  }
  for (const EngineKind kind : engines) {
    INFO(name_of(kind));
    const NetworkLab network;
    EngineLab lab(network, kind);
    const UdpHost one(network, "h1", "192.0.2.2", 5000);
    const FrameSender wire(network, "h1", "e0");
    lab.hands().route("10.2.0.0/16", {NPU_NH_BLACKHOLE, 0, {}});
    const auto counts = [&](npu_port_counter which, const std::function<void()>& provoke) {
      const std::uint64_t before = lab.counter(0, which);
      return lab.run_until([&] {
        provoke();
        lab.run_for(std::chrono::milliseconds(30));
        return lab.counter(0, which) > before;
      });
    };
    CHECK(counts(NPU_DROP_NO_ROUTE, [&] { one.send("10.1.1.1", 5000, "x"); }));
    CHECK(counts(NPU_DROP_BLACKHOLE, [&] { one.send("10.2.1.1", 5000, "x"); }));
    CHECK(counts(NPU_DROP_NO_NEIGHBOUR, [&] { one.send("198.51.100.99", 5000, "x"); }));
    Bytes bad = frames::udp({});
    bad[25] ^= 1;
    CHECK(counts(NPU_DROP_MALFORMED, [&] { wire.send(bad); }));
    frames::Packet foreign;
    foreign.to = {0x02, 9, 9, 9, 9, 9};
    CHECK(counts(NPU_DROP_OTHER, [&] { wire.send(frames::udp(foreign)); }));
    frames::Packet own;
    own.destination = "192.0.2.1";
    CHECK(counts(NPU_DROP_POLICED, [&] {
      for (int n = 0; n < 6'000; ++n) {
        wire.send(frames::udp(own));
      }
    }));
    // Nothing of this came near the kernel of the NPU's namespace.
    CHECK(network.ask("npu", {"ip", "neighbour"}).empty());
  }
}

TEST_CASE("while the route processor is dark the NPU answers for it, and keeps its neighbours") {
  if (!is_root()) {
    ISSU_SKIP("network namespaces need root");
  }
  for (const EngineKind kind : engines) {
    INFO(name_of(kind));
    const NetworkLab network;
    EngineLab lab(network, kind);
    const UdpHost one4(network, "h1", "192.0.2.2", 5000);
    const UdpHost one6(network, "h1", "2001:db8:1::2", 5000);
    const UdpHost far4(network, "h2", "203.0.113.1", 5000);
    const UdpHost far6(network, "h2", "2001:db8:ffff::1", 5000);
    REQUIRE(lab.writer().set_options(NPU_OPTION_ICMP_ECHO));
    REQUIRE(lab.writer().set_dark(true));
    network.ip("rp", "link set p1 down\nlink set p2 down\n");
    const auto answered = lab.counter(0, NPU_ANSWERED);
    for (const char* host : {"h1", "h2"}) {
      network.ip(host, "neighbour flush dev e0\n");
    }
    check_both_ways(lab, one4, "192.0.2.2", far4, "203.0.113.1");
    check_both_ways(lab, one6, "2001:db8:1::2", far6, "2001:db8:ffff::1");
    CHECK(lab.counter(0, NPU_ANSWERED) >= answered + 2);
    const Capture host(network, "h1", "e0");
    const FrameSender wire(network, "h1", "e0");
    for (const auto& [source, destination] :
         {std::pair{"192.0.2.2", "192.0.2.1"}, std::pair{"2001:db8:1::2", "2001:db8:1::1"}}) {
      frames::Packet ping;
      ping.from = network.mac_of("h1", "e0");
      ping.source = source;
      ping.destination = destination;
      const std::size_t at = ping.source.find(':') == std::string::npos ? 34 : 54;
      wire.send(frames::echo(ping));
      CHECK(lab.run_until([&] {
        return std::ranges::any_of(host.take(), [&](const Bytes& frame) {
          return frame.size() > at && frame[at] == (at == 34 ? 0 : 129) &&
                 frames::checksums_good(frame);
        });
      }));
    }
  }
}

TEST_CASE("a port that disappears and comes back") {
  if (!is_root()) {
    ISSU_SKIP("network namespaces need root");
  }
  for (const EngineKind kind : engines) {
    INFO(name_of(kind));
    const NetworkLab network;
    EngineLab lab(network, kind);
    const UdpHost one(network, "h1", "192.0.2.2", 5000);
    {
      const UdpHost other(network, "h2", "198.51.100.2", 5000);
      check_both_ways(lab, one, "192.0.2.2", other, "198.51.100.2");
    }
    network.ip("npu", "link delete p2\n");
    lab.set_ports();
    const std::uint64_t before = lab.counter(0, NPU_DROP_PORT_DOWN);
    one.send("198.51.100.2", 5000, "x");
    CHECK(lab.run_until([&] { return lab.counter(0, NPU_DROP_PORT_DOWN) > before; }));
    network.make_port(1);
    lab.set_ports();
    const UdpHost again(network, "h2", "198.51.100.2", 5000);
    check_both_ways(lab, one, "192.0.2.2", again, "198.51.100.2");
  }
}

}  // namespace
}  // namespace issu::backends::soft
