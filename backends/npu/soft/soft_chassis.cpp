#include "backends/npu/soft/soft_chassis.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <unistd.h>

#include "backends/npu/kernel/chassis.hpp"
#include "backends/npu/soft/link.hpp"
#include "issu/base/child.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"

namespace issu::backends::soft {
namespace {

/// The router as its ports see it: in the NPU's own namespace, without addresses.
RouterSpec port_side(const RouterSpec& router) {
  RouterSpec ports = router;
  ports.netns = router.npu_netns();
  for (PortSpec& port : ports.ports) {
    port.addresses.clear();
  }
  return ports;
}

Result<void> ip(Argv words) {
  words.insert(words.begin(), "ip");
  auto done = run_checked(words);
  return done ? Result<void>() : Result<void>(fail(std::move(done).error()));
}

Result<void> in_netns(const std::string& netns, const std::function<Result<void>()>& work) {
  return NetNs::inside(NetNs::path_of(netns), work);
}

Result<void> write_setting(const std::string& path, std::string_view value) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || ::write(fd.get(), value.data(), value.size()) < 0) {
    return fail_errno("setting " + path);
  }
  return {};
}

/// The kernel says nothing by itself on a port, and forwards nothing.
Result<void> set_up_to_be_silent() {
  for (const char* name : {"all", "default"}) {
    const std::string path = std::string("/proc/sys/net/ipv6/conf/") + name + "/disable_ipv6";
    ISSU_TRY(write_setting(path, "1"), "in the NPU's namespace");
  }
  return write_setting("/proc/sys/net/ipv4/ip_forward", "0");
}

Result<Link> link_in(const std::string& netns, const std::string& name) {
  Link link;
  ISSU_TRY(in_netns(netns,
                    [&]() -> Result<void> {
                      auto found = link_of(name);
                      if (!found) {
                        return fail(std::move(found).error());
                      }
                      link = *found;
                      return {};
                    }),
           "in " + netns);
  return link;
}

Result<bool> has_link(const std::string& netns, const std::string& name) {
  bool found = false;
  ISSU_TRY(in_netns(netns,
                    [&]() -> Result<void> {
                      found = ::if_nametoindex(name.c_str()) != 0;
                      return {};
                    }),
           "looking for the link " + name);
  return found;
}

/// Whoever sends to the NPU sends whole frames; with XDP, whoever is sent to has to gather.
Result<void> set_up_links(const RouterSpec& router, const PortSpec& port, const std::string& punt) {
  const Offloads far{false, router.npu.engine == "xdp"};
  const auto near = [&]() -> Result<void> {
    auto set = set_offloads(punt, {});
    return set ? set_link_up(punt, true) : set;
  };
  ISSU_TRY(in_netns(router.npu_netns(), near), "the punt interface");
  ISSU_TRY(in_netns(router.netns, [&] { return set_offloads(port.name, far); }),
           "the route processor's end");
  if (!port.device.empty()) {
    return {};
  }
  return in_netns(port.peer_netns, [&] { return set_offloads(port.peer_name, far); });
}

Result<void> raise_punt(const RouterSpec& router, std::size_t n) {
  const PortSpec& port = router.ports[n];
  const std::string punt = punt_names(router, n)[0];
  auto there = has_link(router.netns, port.name);
  if (!there) {
    return fail(std::move(there).error());
  }
  auto real = link_in(router.npu_netns(), port.name);
  if (!real) {
    return fail(std::move(real).error());
  }
  if (!*there) {
    ISSU_TRY(ip({"link", "add", port.name, "netns", router.netns, "address", text_of(real->mac),
                 "mtu", std::to_string(real->mtu), "type", "veth", "peer", "name", punt, "mtu",
                 std::to_string(real->mtu), "netns", router.npu_netns()}),
             "creating its punt interface");
  }
  ISSU_TRY(set_up_links(router, port, punt), "its links");
  for (const std::string& address : port.addresses) {
    Argv words{"-n", router.netns, "address", "replace", address, "dev", port.name};
    if (address.find(':') != std::string::npos) {
      words.emplace_back("nodad");
    }
    ISSU_TRY(ip(std::move(words)), "its address " + address);
  }
  return ip({"-n", router.netns, "link", "set", "dev", port.name, "up"});
}

Result<void> raise_taps(const RouterSpec& router, std::size_t n) {
  auto real = link_in(router.npu_netns(), router.ports[n].name);
  if (!real) {
    return fail(std::move(real).error());
  }
  for (const std::string& punt : punt_names(router, n)) {
    auto there = has_link(router.npu_netns(), punt);
    if (!there) {
      return fail(std::move(there).error());
    }
    if (!*there) {
      ISSU_TRY(ip({"-n", router.npu_netns(), "tuntap", "add", "dev", punt, "mode", "tap"}),
               "creating the punt interface " + punt);
    }
    ISSU_TRY(ip({"-n", router.npu_netns(), "link", "set", "dev", punt, "mtu",
                 std::to_string(real->mtu), "up"}),
             "the punt interface " + punt);
  }
  return {};
}

}  // namespace

std::array<std::string, 2> punt_names(const RouterSpec& router, std::size_t n) {
  const std::string name = "punt" + std::to_string(n);
  const bool taps = router.npu.punt_links == PuntLinks::taps;
  return taps ? std::array{name + name_of(Slot::a), name + name_of(Slot::b)}
              : std::array{name, name};
}

Result<void> check_soft_chassis(const RouterSpec& router) {
  return check_chassis(port_side(router));
}

Result<void> raise_soft_chassis(const RouterSpec& router) {
  ISSU_TRY(make_dirs(router.run_dir), "bringing the chassis up");
  ISSU_TRY(NetNs::create(router.npu_netns()), "bringing the NPU's namespace up");
  ISSU_TRY(in_netns(router.npu_netns(), set_up_to_be_silent), "bringing the NPU's namespace up");
  ISSU_TRY(raise_ports(port_side(router)), "in the NPU's namespace");
  // The route processor's kernel forwards nothing itself; it has to be one that would, to answer
  // what was punted because it can't go on: time exceeded, fragmentation needed.
  ISSU_TRY(raise_forwarding(router), "setting the route processor's namespace up");
  const bool taps = router.npu.punt_links == PuntLinks::taps;
  for (std::size_t n = 0; n < router.ports.size(); ++n) {
    ISSU_TRY(taps ? raise_taps(router, n) : raise_punt(router, n), "port " + router.ports[n].name);
  }
  return {};
}

Result<void> lower_soft_chassis(const RouterSpec& router) {
  ISSU_TRY(lower_chassis(port_side(router)), "the ports");
  return NetNs::remove(router.netns);
}

}  // namespace issu::backends::soft
