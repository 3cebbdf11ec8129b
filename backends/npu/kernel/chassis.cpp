#include "backends/npu/kernel/chassis.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <set>

#include "backends/npu/kernel/device_memory.hpp"
#include "issu/base/child.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "issu/base/user_ns.hpp"

namespace issu::backends {
namespace {

struct Sysctl {
  const char* name;  ///< below /proc/sys/net
  const char* value;
  bool only_of_host = false;  ///< may be hidden where the namespace belongs to a user namespace
};

/// Of the namespace; before the ports, which take the defaults over.
constexpr std::array chassis_sysctls{
    Sysctl{"ipv4/ip_forward", "1"},
    Sysctl{"ipv4/conf/all/rp_filter", "2"},
    Sysctl{"ipv4/conf/default/rp_filter", "2"},
    Sysctl{"ipv4/fib_multipath_hash_policy", "1"},
    // Without it routes are told by the id of their nexthop object alone, and a zebra that takes
    // over routes from before its start makes blackholes of them.
    Sysctl{"ipv4/nexthop_compat_mode", "1"},
    Sysctl{"ipv6/conf/all/forwarding", "1"},
    Sysctl{"ipv6/conf/default/forwarding", "1"},
    Sysctl{"ipv6/conf/all/keep_addr_on_down", "1"},
    Sysctl{"ipv6/conf/default/keep_addr_on_down", "1"},
    Sysctl{"ipv6/conf/default/accept_ra", "0"},
    // Duplicate address detection keeps a port's addresses silent for a second or two.
    Sysctl{"ipv6/conf/all/accept_dad", "0"},
    Sysctl{"ipv6/conf/default/accept_dad", "0"},
    Sysctl{"ipv6/conf/default/dad_transmits", "0"},
    Sysctl{"ipv6/fib_multipath_hash_policy", "1"},
    Sysctl{"ipv6/route/skip_notify_on_dev_down", "0", true},
    // The default of 4096 IPv6 routes is of old kernels; a full table must fit.
    Sysctl{"ipv6/route/max_size", "2147483647", true},
};

Result<void> write_sysctl(const Sysctl& sysctl) {
  const std::string path = std::string("/proc/sys/net/") + sysctl.name;
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT && sysctl.only_of_host) {
    return {};
  }
  const std::string_view value = sysctl.value;
  if (!fd || ::write(fd.get(), value.data(), value.size()) < 0) {
    return fail_errno("setting " + path + " to " + sysctl.value);
  }
  return {};
}

Result<void> set_up_to_forward() {
  for (const Sysctl& sysctl : chassis_sysctls) {
    ISSU_TRY(write_sysctl(sysctl), "in the chassis");
  }
  return {};
}

bool is_there(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

/// In the current namespace.
bool has_link(const std::string& name) {
  return ::if_nametoindex(name.c_str()) != 0;
}

/// In a namespace; an error when it can't be entered.
Result<bool> has_link_in(const std::string& netns, const std::string& name) {
  bool found = false;
  ISSU_TRY(NetNs::inside(NetNs::path_of(netns),
                         [&]() -> Result<void> {
                           found = has_link(name);
                           return {};
                         }),
           "looking for the link " + name);
  return found;
}

Result<void> ip(Argv words) {
  words.insert(words.begin(), "ip");
  if (auto done = run_checked(words); !done) {
    return fail(std::move(done).error());
  }
  return {};
}

std::filesystem::path memory_file(const RouterSpec& router, const PortSpec& port) {
  return router.run_dir / ("device-" + port.device + ".json");
}

Result<void> bring_in(const RouterSpec& router, const PortSpec& port) {
  if (port.device.empty()) {
    ISSU_TRY(ip({"link", "add", port.name, "netns", router.netns, "type", "veth", "peer", "name",
                 port.peer_name, "netns", port.peer_netns}),
             "creating the port's veth pair");
    return {};
  }
  ISSU_TRY(remember_device(port.device, memory_file(router, port)), "before the move");
  return ip({"link", "set", "dev", port.device, "netns", router.netns, "name", port.name});
}

Result<void> raise_port(const RouterSpec& router, const PortSpec& port) {
  auto there = has_link_in(router.netns, port.name);
  if (!there) {
    return fail(std::move(there).error());
  }
  if (!*there) {
    ISSU_TRY(bring_in(router, port), "bringing it into the chassis " + router.netns);
  }
  if (port.mtu) {
    const std::string mtu = std::to_string(*port.mtu);
    ISSU_TRY(ip({"-n", router.netns, "link", "set", "dev", port.name, "mtu", mtu}), "its MTU");
    if (port.device.empty()) {
      ISSU_TRY(ip({"-n", port.peer_netns, "link", "set", "dev", port.peer_name, "mtu", mtu}),
               "its peer's MTU");
    }
  }
  for (const std::string& address : port.addresses) {
    Argv words{"-n", router.netns, "address", "replace", address, "dev", port.name};
    if (address.find(':') != std::string::npos) {
      words.emplace_back("nodad");
    }
    ISSU_TRY(ip(std::move(words)), "its address " + address);
  }
  ISSU_TRY(ip({"-n", router.netns, "link", "set", "dev", port.name, "up"}), "setting it up");
  if (port.device.empty()) {
    ISSU_TRY(ip({"-n", port.peer_netns, "link", "set", "dev", port.peer_name, "up"}),
             "setting its peer up");
  }
  return {};
}

Result<void> lower_port(const RouterSpec& router, const PortSpec& port) {
  if (!port.device.empty() && !has_link(port.device)) {
    auto there = has_link_in(router.netns, port.name);
    if (!there) {
      return fail(std::move(there).error());
    }
    if (*there) {
      ISSU_TRY(ip({"-n", router.netns, "link", "set", "dev", port.name, "down"}), "going down");
      ISSU_TRY(ip({"-n", router.netns, "link", "set", "dev", port.name, "netns",
                   std::to_string(::getpid()), "name", port.device}),
               "moving it back as " + port.device);
    }
    return {};
  }
  auto there = has_link_in(router.netns, port.name);
  if (there && *there && port.device.empty()) {
    return ip({"-n", router.netns, "link", "delete", "dev", port.name});
  }
  return {};
}

std::optional<Error> missing_capabilities() {
  auto status = read_file("/proc/self/status", 1U << 20U);
  if (!status) {
    return std::move(status).error();
  }
  const auto at = status->find("\nCapEff:");
  const std::uint64_t effective =
      at == std::string::npos ? 0 : std::strtoull(status->c_str() + at + 8, nullptr, 16);
  const std::uint64_t needed =
      (std::uint64_t{1} << CAP_NET_ADMIN) | (std::uint64_t{1} << CAP_SYS_ADMIN);
  if ((effective & needed) != needed) {
    return Error("CAP_NET_ADMIN and CAP_SYS_ADMIN are needed for the chassis' network namespace",
                 "run it as root");
  }
  return std::nullopt;
}

/// What is wrong with a port; the chassis may be up already.
std::optional<Error> fault_of(const RouterSpec& router, const PortSpec& port) {
  const std::string who = "port " + port.name + ": ";
  if (port.device.empty() && !NetNs::exists(port.peer_netns)) {
    return Error(who + "there is no network namespace " + port.peer_netns + " for its other end",
                 "create it with `ip netns add " + port.peer_netns + "`");
  }
  const auto up =
      NetNs::exists(router.netns) ? has_link_in(router.netns, port.name) : Result<bool>(false);
  if (up && *up) {
    return std::nullopt;
  }
  if (!port.device.empty()) {
    return has_link(port.device)
               ? std::nullopt
               : std::optional(Error(who + "there is no device " + port.device + " on this host",
                                     "`ip link` shows those that there are"));
  }
  const auto taken = has_link_in(port.peer_netns, port.peer_name);
  if (taken && *taken) {
    return Error(
        who + "the namespace " + port.peer_netns + " has a link " + port.peer_name + " already",
        "choose another peer_name, or delete that link");
  }
  return std::nullopt;
}

}  // namespace

Result<void> check_chassis(const RouterSpec& router) {
  std::optional<Error> found;
  const auto add = [&found](std::optional<Error> error) {
    if (error && found) {
      found->also(std::move(*error));
    } else if (error) {
      found = std::move(error);
    }
  };
  add(missing_capabilities());
  if (auto asked = run({"ip", "-Version"}); !asked) {
    add(Error("the program `ip` can't be started", "install iproute2"));
  }
  if (!NetNs::exists(router.netns) && is_there(NetNs::path_of(router.netns))) {
    add(Error(NetNs::path_of(router.netns).string() + " is there and is no network namespace",
              "remove it"));
  }
  for (const PortSpec& port : router.ports) {
    add(fault_of(router, port));
  }
  if (found) {
    return fail(std::move(*found).as(ErrorKind::refused));
  }
  return {};
}

Result<void> raise_forwarding(const RouterSpec& router) {
  if (router.first_id) {
    ISSU_TRY(UserNs::create(router.user_ns(), *router.first_id), "bringing the chassis up");
  }
  ISSU_TRY(NetNs::create(router.netns, router.first_id ? router.user_ns() : ""),
           "bringing the chassis up");
  return NetNs::inside(NetNs::path_of(router.netns), set_up_to_forward);
}

Result<void> raise_ports(const RouterSpec& router) {
  for (const PortSpec& port : router.ports) {
    ISSU_TRY(raise_port(router, port), "port " + port.name);
  }
  return {};
}

Result<void> raise_chassis(const RouterSpec& router) {
  ISSU_TRY(make_dirs(router.run_dir), "bringing the chassis up");
  ISSU_TRY(raise_forwarding(router), "setting the chassis up to forward");
  return raise_ports(router);
}

Result<void> lower_chassis(const RouterSpec& router) {
  if (NetNs::exists(router.netns)) {
    for (const PortSpec& port : router.ports) {
      ISSU_TRY(lower_port(router, port), "port " + port.name);
    }
  }
  ISSU_TRY(NetNs::remove(router.netns), "taking the chassis down");
  ISSU_TRY(UserNs::remove(router.user_ns()), "taking the chassis down");
  for (const PortSpec& port : router.ports) {
    if (!port.device.empty()) {
      ISSU_TRY(restore_device(port.device, memory_file(router, port)), "port " + port.name);
    }
  }
  return {};
}

}  // namespace issu::backends
