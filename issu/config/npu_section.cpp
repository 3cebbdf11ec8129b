#include <algorithm>
#include <cctype>

#include "issu/config/sections.hpp"

namespace issu::config {
namespace {

const std::vector<std::string> kDrivers{"kernel", "soft"};

/// "punt", digits and a slot's letter or none: what the driver calls its own interfaces beside the
/// ports.
bool is_punt_name(std::string name) {
  if (name.ends_with('a') || name.ends_with('b')) {
    name.pop_back();
  }
  return name.starts_with("punt") && name.size() > 4 &&
         std::all_of(name.begin() + 4, name.end(), [](unsigned char c) { return std::isdigit(c); });
}

/// `{ per_second = N, burst = N }` under `key` of `[npu.punt]`. A rate of 0 would be a router that
/// nobody can talk to; more than the upper bound is no protection.
void read_rate(StrictTable& punt, const char* key, backends::PuntRate& rate) {
  auto section = punt.table(key);
  if (!section) {
    return;
  }
  rate.per_second = static_cast<std::uint32_t>(
      section->integer("per_second", {10, 1'000'000}, static_cast<std::int64_t>(rate.per_second)));
  rate.burst = static_cast<std::uint32_t>(
      section->integer("burst", {1, 100'000}, static_cast<std::int64_t>(rate.burst)));
  section->finish();
}

void read_rates(StrictTable& npu, backends::PuntRates& rates) {
  auto section = npu.table("punt");
  if (!section) {
    return;
  }
  read_rate(*section, "neighbour", rates.neighbour);
  read_rate(*section, "control", rates.control);
  read_rate(*section, "exception", rates.exception);
  section->finish();
}

void check_ports(StrictTable& document, const RouterConfig& config) {
  for (const backends::PortSpec& port : config.router.ports) {
    if (is_punt_name(port.name)) {
      document.refuse("port",
                      "\"" + port.name + "\" is a name that the NPU driver soft takes itself",
                      "rename the port");
    }
  }
}

}  // namespace

void read_npu_section(StrictTable& document, RouterConfig& config) {
  backends::NpuSpec& npu = config.router.npu;
  npu.feed = config.router.suite == "bird" ? "netlink" : "fpm";
  if (config.backend != "lxc") {
    if (auto vm = document.table("vm"); vm && !vm->boolean("agent", true)) {
      npu.feed = "netlink";
    }
    npu.punt_links = backends::PuntLinks::taps;
  }
  auto section = document.table("npu");
  if (!section) {
    if (npu.driver == "soft") {
      check_ports(document, config);
    }
    return;
  }
  const std::string above = npu.driver;
  npu.driver = section->choice("driver", kDrivers, above);
  if (above != "kernel" && !npu.driver.empty() && npu.driver != above) {
    section->refuse("driver", "\"" + npu.driver + "\" is not what router.npu says (" + above + ")",
                    "say it once");
  }
  npu.engine = section->choice("engine", {"packet", "xdp"}, npu.engine);
  npu.feed = section->choice("feed", {"fpm", "netlink"}, npu.feed);
  npu.icmp_echo = section->boolean("icmp_echo", npu.icmp_echo);
  npu.routes = static_cast<std::uint32_t>(
      section->integer("routes", {1000, 16'000'000}, static_cast<std::int64_t>(npu.routes)));
  read_rates(*section, npu.punt);
  if (npu.driver == "kernel") {
    for (const char* key : {"engine", "feed", "icmp_echo", "routes", "punt"}) {
      if (section->has(key)) {
        section->refuse(key, "is the business of the driver soft, and the driver is kernel",
                        "add driver = \"soft\", or take it away");
      }
    }
  } else {
    check_ports(document, config);
    if (npu.feed == "fpm" && config.router.suite == "bird") {
      section->refuse("feed", "BIRD has no FPM", "feed = \"netlink\"");
    }
  }
  section->finish();
}

}  // namespace issu::config
