#include "backends/vm/foreign_links.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <unistd.h>

#include "issu/base/child.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/netns.hpp"

namespace issu::backends::vm {
namespace {

constexpr const char* bridge = "mgmt-bridge";  ///< both taps and `far_end`
constexpr const char* far_end = "mgmt-host";   ///< of `near_end`
constexpr const char* near_end = "mgmt";       ///< the collector's, in the router's namespace
/// The same in both slots: they are one router, and only one of them is plugged in.
constexpr const char* guest_mac = "02:00:a9:fe:00:02";

Result<void> ip(const std::string& netns, Argv words) {
  Argv argv{"ip", "-n", netns};
  argv.insert(argv.end(), words.begin(), words.end());
  auto done = run_checked(argv);
  return done ? Result<void>() : Result<void>(fail(std::move(done).error()));
}

bool has_link(const std::string& netns, const std::string& name) {
  bool found = false;
  (void)NetNs::inside(NetNs::path_of(netns), [&]() -> Result<void> {
    found = ::if_nametoindex(name.c_str()) != 0;
    return {};
  });
  return found;
}

Result<void> add_once(const std::string& netns, const std::string& name, Argv words) {
  return has_link(netns, name) ? Result<void>() : ip(netns, std::move(words));
}

/// Nothing that a guest sends to the host goes on from there.
Result<void> forward_nothing(const std::string& netns) {
  return NetNs::inside(NetNs::path_of(netns), []() -> Result<void> {
    for (const char* path :
         {"/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding"}) {
      const Fd fd(::open(path, O_WRONLY | O_CLOEXEC));
      if (!fd || ::write(fd.get(), "0", 1) != 1) {
        return fail_errno(std::string("setting ") + path);
      }
    }
    return {};
  });
}

/// An interface with the port's name and addresses, so that next hops are valid and the driver
/// finds the port by its name. What is sent there ends at its other end.
Result<void> raise_likeness(const RouterSpec& spec, std::size_t n) {
  const PortSpec& port = spec.ports[n];
  const std::string end = "nowhere" + std::to_string(n);
  ISSU_TRY(add_once(spec.netns, port.name,
                    {"link", "add", "name", port.name, "type", "veth", "peer", "name", end}),
           "creating it");
  ISSU_TRY(ip(spec.netns, {"link", "set", "dev", end, "up"}), "its other end");
  for (const std::string& address : port.addresses) {
    Argv words{"address", "replace", address, "dev", port.name};
    if (address.find(':') != std::string::npos) {
      words.emplace_back("nodad");
    }
    ISSU_TRY(ip(spec.netns, std::move(words)), "its address " + address);
  }
  return ip(spec.netns, {"link", "set", "dev", port.name, "up"});
}

Result<void> raise_management(const RouterSpec& spec) {
  const std::string npu = spec.npu_netns();
  ISSU_TRY(add_once(npu, bridge, {"link", "add", "name", bridge, "type", "bridge"}), "its bridge");
  ISSU_TRY(ip(npu, {"link", "set", "dev", bridge, "up"}), "its bridge");
  ISSU_TRY(add_once(npu, far_end,
                    {"link", "add", "name", far_end, "type", "veth", "peer", "name", near_end,
                     "netns", spec.netns}),
           "the host's end");
  ISSU_TRY(ip(npu, {"link", "set", "dev", far_end, "master", bridge, "up"}), "the host's end");
  for (const Slot slot : {Slot::a, Slot::b}) {
    const std::string tap = management_tap(slot);
    ISSU_TRY(add_once(npu, tap, {"tuntap", "add", "dev", tap, "mode", "tap"}), "the tap " + tap);
    ISSU_TRY(ip(npu, {"link", "set", "dev", tap, "master", bridge}), "the tap " + tap);
  }
  ISSU_TRY(ip(spec.netns, {"address", "replace", spec.vm.foreign->collector, "dev", near_end}),
           "the collector's address");
  return ip(spec.netns, {"link", "set", "dev", near_end, "up"});
}

}  // namespace

std::string management_tap(Slot slot) {
  return std::string("mgmt") + name_of(slot);
}

GuestLink management_link(Slot slot, bool plugged) {
  return {management_tap(slot), guest_mac, plugged};
}

Result<void> raise_foreign_links(const RouterSpec& spec) {
  ISSU_TRY(forward_nothing(spec.netns), "in the router's namespace");
  ISSU_TRY(raise_management(spec), "the management link");
  for (std::size_t n = 0; n < spec.ports.size(); ++n) {
    ISSU_TRY(raise_likeness(spec, n), "the likeness of the port " + spec.ports[n].name);
  }
  return {};
}

Result<void> set_management(const RouterSpec& spec, Slot slot, bool plugged) {
  const std::string tap = management_tap(slot);
  if (!NetNs::exists(spec.npu_netns()) || !has_link(spec.npu_netns(), tap)) {
    return plugged ? fail("there is no management link " + tap, "`issu router up` makes it")
                   : Result<void>();
  }
  return ip(spec.npu_netns(), {"link", "set", "dev", tap, plugged ? "up" : "down"});
}

}  // namespace issu::backends::vm
