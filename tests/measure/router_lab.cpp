#include "tests/measure/router_lab.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "issu/base/netns.hpp"
#include "issu/measure/probe.hpp"

namespace issu::test {
namespace {

state_sync::Prefix prefix(const char* text) {
  return *state_sync::Prefix::parse(text);
}

}  // namespace

RouterLab::RouterLab() {
  lab.link("r", "p1", {"10.9.1.1/24", "2001:db8:1::1/64"}, "f1", "e1",
           {"10.9.1.2/24", "2001:db8:1::2/64"});
  lab.link("r", "p2", {"10.9.2.1/24", "2001:db8:2::1/64"}, "f2", "e2",
           {"10.9.2.2/24", "2001:db8:2::2/64"});
  lab.sysctl("r", "net.ipv4.ip_forward", "1");
  lab.sysctl("r", "net.ipv6.conf.all.forwarding", "1");
  side("f1", "1", "10.101.0.0/16", "2001:db8:101::/48");
  side("f2", "2", "10.102.0.0/16", "2001:db8:102::/48");
}

RouterLab::~RouterLab() {
  static_cast<void>(end_process(process, std::chrono::milliseconds(0)));
}

void RouterLab::side(const std::string& name, const std::string& n, const std::string& v4,
                     const std::string& v6) {
  lab.ip(name, "route add local " + v4 + " dev lo");
  lab.ip(name, "-6 route add local " + v6 + " dev lo");
  lab.ip(name, "route add default via 10.9." + n + ".1");
  lab.ip(name, "-6 route add default via 2001:db8:" + n + "::1");
  lab.ip("r", "route add " + v4 + " via 10.9." + n + ".2");
  lab.ip("r", "-6 route add " + v6 + " via 2001:db8:" + n + "::2");
}

measure::MeasurePlan RouterLab::plan(double rate) {
  measure::MeasurePlan plan;
  plan.streams.push_back({"right4",
                          lab.netns("f1"),
                          lab.netns("f2"),
                          {{prefix("10.102.0.0/24"), 200}, {prefix("10.102.250.0/28"), 16}},
                          "10.9.1.2",
                          rate,
                          64});
  plan.streams.push_back({"left4",
                          lab.netns("f2"),
                          lab.netns("f1"),
                          {{prefix("10.101.0.0/24"), 200}},
                          "10.9.2.2",
                          rate,
                          64});
  plan.streams.push_back({"right6",
                          lab.netns("f1"),
                          lab.netns("f2"),
                          {{prefix("2001:db8:102::/64"), 1000}},
                          "2001:db8:1::2",
                          rate,
                          64});
  plan.streams.push_back({"left6",
                          lab.netns("f2"),
                          lab.netns("f1"),
                          {{prefix("2001:db8:101::/64"), 1000}},
                          "2001:db8:2::2",
                          rate,
                          64});
  return plan;
}

void RouterLab::nft(const std::string& rules) {
  RunOptions options;
  options.netns = NetNs::path_of(lab.netns("r"));
  options.input = rules;
  auto output = run_checked({"nft", "-f", "-"}, options);
  REQUIRE_MESSAGE(output, output.error().message());
}

std::uint64_t RouterLab::nft_counter(const std::string& name) {
  RunOptions options;
  options.netns = NetNs::path_of(lab.netns("r"));
  auto output = run_checked({"nft", "-j", "list", "counters"}, options);
  REQUIRE_MESSAGE(output, output.error().message());
  const auto document = nlohmann::json::parse(*output);
  for (const auto& entry : document.at("nftables")) {
    if (entry.contains("counter") && entry["counter"].at("name") == name) {
      return entry["counter"].at("packets").get<std::uint64_t>();
    }
  }
  FAIL("nft has no counter " << name);
  return 0;
}

ProcessId RouterLab::start(const measure::MeasurePlan& wanted) {
  auto started = measure::Probe::start(wanted, out());
  REQUIRE_MESSAGE(started, started.error().message());
  process = *started;
  return *started;
}

void show(const measure::Measurement& measurement) {
  for (const measure::StreamResult& stream : measurement.streams) {
    std::printf(
        "%-7s sent %llu lost %llu gap %.3f ms silence %.3f ms latency us %.0f %.0f %.0f %.0f\n",
        stream.name.c_str(), static_cast<unsigned long long>(stream.sent),
        static_cast<unsigned long long>(stream.totals.lost), to_ms(stream.totals.longest_gap),
        to_ms(stream.totals.longest_silence), stream.latency.min_us, stream.latency.p50_us,
        stream.latency.p99_us, stream.latency.max_us);
  }
  std::printf("sender's gap %.3f ms, receiver's wait %.3f ms, real time %d\n",
              measurement.instrument.send_gap_ms, measurement.instrument.receive_wait_ms,
              measurement.instrument.realtime ? 1 : 0);
  for (const std::string& reason : measurement.why_not) {
    std::printf("not measured: %s\n", reason.c_str());
  }
}

bool tells(const std::vector<std::string>& reasons, const std::string& words) {
  return std::any_of(reasons.begin(), reasons.end(), [&](const std::string& reason) {
    return reason.find(words) != std::string::npos;
  });
}

}  // namespace issu::test
