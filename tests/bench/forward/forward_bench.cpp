// Forwarding of 64-byte frames between two veth pairs at 500,000 routes: the kernel's own
// forwarding, the packet engine and the xdp engine, one after the other in the same run.
//
// Cpu 0 sends, routes (in the softirq of the ports) and is the sink: nothing waits for another cpu
// to wake up, and the cost of sending (about 0.1 us a frame) is in each of the figures. The packet
// engine's thread has cpu 1 for itself; what fills its ring is on cpu 0.
//
// Mpps: received at full load, the median of five seconds; what came after the sending had ended is
// divided by its time, too. loss_free_Mpps: the highest rate of a bisection at which three runs of
// three lost nothing and let nothing queue up; the median of three bisections, not above what the
// sender could offer. The same rule for each.

#define DOCTEST_CONFIG_IMPLEMENT
#include <benchmark/benchmark.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>

#include "tests/bench/forward/generator.hpp"

namespace {

using namespace issu;
using namespace issu::backends::soft;
using bench::Generator;
using bench::Run;

constexpr std::uint32_t prefixes = 500'000;
constexpr std::uint32_t gateways = 16;

std::string gateway(std::uint32_t n) {
  return "198.51.100." + std::to_string(100 + n % gateways);
}

std::string prefix(std::uint32_t n) {
  const std::uint32_t address = (1U << 24U) + (n << 8U);
  return std::to_string(address >> 24U) + "." + std::to_string(address >> 16U & 255U) + "." +
         std::to_string(address >> 8U & 255U) + ".0/24";
}

tables::Capacities large_capacities() {
  tables::Capacities capacities = small_capacities();
  capacities.routes = 1U << 20U;
  return capacities;
}

/// The two ports, and all the prefixes by the gateways.
void fill(const NetworkLab& network, tables::Writer& writer) {
  for (const EnginePort& place : network.places()) {
    tables::Port port;
    port.name = place.index == 0 ? "p1" : "p2";
    port.mac = place.index == 0 ? frames::port_mac : other_port_mac;
    port.ifindex = place.ifindex;
    port.punt_ifindex = place.punt_ifindex;
    port.up = true;
    REQUIRE(writer.set_port(port) == place.index);
  }
  const TableHands hands(writer);
  std::vector<tables::NextHopId> ids;
  for (std::uint32_t n = 0; n < gateways; ++n) {
    hands.neighbour(1, gateway(n), network.mac_of("h2", "e0"));
    ids.push_back(writer.intern({NPU_NH_FORWARD, 1, frames::address(gateway(n))}).value());
  }
  std::vector<tables::RouteChange> routes;
  for (std::uint32_t n = 0; n < prefixes; ++n) {
    routes.push_back({tables::Prefix::parse(prefix(n)).value(), ids[n % gateways], {}});
  }
  REQUIRE(writer.load(routes));
}

struct Router {
  std::unique_ptr<NetworkLab> network = std::make_unique<NetworkLab>();
  std::optional<XdpTables> arrays;
  std::optional<tables::Segment> file;
  std::optional<tables::Writer> writer;
  std::unique_ptr<PacketEngine> packet;
  std::unique_ptr<XdpEngine> xdp;
};

void start_kernel(Router& router) {
  const NetworkLab& network = *router.network;
  network.ip("npu", "address add 192.0.2.1/24 dev p1\naddress add 198.51.100.1/24 dev p2\n");
  const auto bytes = network.mac_of("h2", "e0");
  char text[18];
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2],
                bytes[3], bytes[4], bytes[5]);
  std::string lines;
  for (std::uint32_t n = 0; n < gateways; ++n) {
    lines += "neighbour add " + gateway(n) + " lladdr " + text + " dev p2 nud permanent\n";
  }
  for (std::uint32_t n = 0; n < prefixes; ++n) {
    lines += "route add " + prefix(n) + " via " + gateway(n) + "\n";
  }
  network.ip("npu", lines);
  network.inside("npu", [] { std::ofstream("/proc/sys/net/ipv4/ip_forward") << "1"; });
  network.gather("npu", "p1");
}

void start_xdp(Router& router) {
  const NetworkLab& network = *router.network;
  router.arrays.emplace(
      XdpTables::open(network.dir() / "bpf", large_capacities(), network.dir() / "lock").value());
  router.writer.emplace(tables::Writer::open(router.arrays->segment()).value());
  fill(network, *router.writer);
  network.inside("npu", [&] {
    router.xdp = std::move(XdpEngine::start(*router.arrays).value());
    REQUIRE(router.xdp->set_ports(network.places()));
  });
}

void start_packet(Router& router) {
  const NetworkLab& network = *router.network;
  const auto path = network.dir() / "tables";
  router.file.emplace(tables::Segment::create_file(path, large_capacities()).value());
  router.writer.emplace(tables::Writer::open(*router.file).value());
  fill(network, *router.writer);
  network.gather("npu", "p1");
  network.inside("npu", [&] {
    PacketOptions options;
    options.cpu = 1;
    router.packet = std::move(PacketEngine::start(*router.file, options).value());
    REQUIRE(router.packet->set_ports(network.places()));
  });
}

/// Three of three. Where the sender could not keep the rate, what it did send is what was shown:
/// it is put into `rate`.
bool is_loss_free(Generator& generator, double& rate) {
  constexpr double run_seconds = 0.3;
  double shown = rate;
  for (int n = 0; n < 3; ++n) {
    const auto run = generator.run(run_seconds, rate);
    REQUIRE(run);
    if (!run->without_loss()) {
      return false;
    }
    shown = std::min(shown, run->sent_per_second());
  }
  rate = shown;
  return true;
}

/// To within 1 % of `most`.
double bisect(Generator& generator, double most) {
  double low = 0;
  double high = most;
  while (high - low > most / 100) {
    double rate = (low + high) / 2;
    const double asked = rate;
    if (is_loss_free(generator, rate)) {
      low = rate;
      // It sends no faster: there is nothing above to be found.
      high = rate < 0.98 * asked ? rate : high;
    } else {
      high = asked;
    }
  }
  return low;
}

double loss_free(Generator& generator, double most) {
  std::array<double, 3> found{};
  for (double& each : found) {
    each = bisect(generator, most);
  }
  std::ranges::sort(found);
  return found[1];
}

void forward(benchmark::State& state, void (*start)(Router&)) {
  Router router;
  start(router);
  auto generator = Generator::open(*router.network, prefixes, 0);
  REQUIRE_MESSAGE(generator, generator.error().message());
  if (router.xdp) {
    // The sink has made p2 one that takes frames.
    router.network->inside("npu", [&] { router.xdp->look_at_ports(); });
    REQUIRE(router.xdp->is_fast(1));
  }
  std::array<Run, 5> runs;
  double without_loss = 0;
  for (auto _ : state) {
    for (Run& run : runs) {
      const auto full = generator->run(1.0, 0);
      REQUIRE_MESSAGE(full, full.error().message());
      run = *full;
    }
    std::ranges::sort(runs, {}, &Run::received_per_second);
    without_loss = loss_free(*generator, 1.2 * runs[2].received_per_second());
    state.SetIterationTime(1.0 / runs[2].received_per_second());
  }
  const double most = runs[2].received_per_second();
  const double offered = runs[2].sent_per_second();
  state.counters["Mpps"] = most / 1e6;
  state.counters["offered_Mpps"] = offered / 1e6;
  state.counters["loss_free_Mpps"] = without_loss / 1e6;
}

void add(const char* name, void (*start)(Router&)) {
  benchmark::RegisterBenchmark(name, [start](benchmark::State& state) { forward(state, start); })
      ->Iterations(1)
      ->UseManualTime()
      ->Unit(benchmark::kNanosecond);
}

}  // namespace

int main(int argc, char** argv) {
  doctest::Context asserts;
  asserts.setAsDefaultForAssertsOutOfTestCases();
  asserts.setAssertHandler([](const doctest::AssertData& data) {
    std::fprintf(stderr, "%s:%d: %s\n", data.m_file, data.m_line, data.m_expr);
    if ((data.m_at & doctest::assertType::is_require) != 0) {
      std::exit(1);
    }
  });
  benchmark::Initialize(&argc, argv);
  add("forward/kernel", start_kernel);
  add("forward/packet", start_packet);
  add("forward/xdp", start_xdp);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
