#include "backends/vm/guest_files.hpp"

#include <fmt/format.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "backends/suite/slot_parts.hpp"
#include "issu/base/child.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"

namespace issu::backends::vm {
namespace {

namespace fs = std::filesystem;

constexpr const char* feed_channel = "issu.fpm";
constexpr unsigned fpm_port = 2620;

/// A word for the shell, whatever is in it.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char letter : text) {
    out += letter == '\'' ? "'\\''" : std::string(1, letter);
  }
  return out + "'";
}

/// QEMU has the links in the order of the ports, behind the guest's loopback; the NPU takes the
/// daemons' interface numbers by that. The neighbours know the addresses already: nobody has to ask
/// whether they are free.
std::string links_script(const RouterSpec& spec) {
  std::string text;
  for (std::size_t n = 0; n < spec.ports.size(); ++n) {
    const PortSpec& port = spec.ports[n];
    text += fmt::format("link {} {} {}\n", n + 2, quoted(port.name), port.mtu.value_or(1500));
    for (const std::string& address : port.addresses) {
      text += fmt::format("$ip address replace {} dev {}{}\n", quoted(address), quoted(port.name),
                          address.find(':') == std::string::npos ? "" : " nodad");
    }
  }
  return text;
}

std::string prepare_script(const RouterSpec& spec, const Suite& suite,
                           const std::vector<GuestChannel>& channels) {
  std::string folders;
  for (const std::string_view folder : suite.folders) {
    folders += " " + quoted(std::string(folder));
  }
  if (!suite.state_path.empty()) {
    folders += " " + quoted(std::string(suite.state_path));
  }
  std::string relays;
  for (const GuestChannel& channel : channels) {
    const std::string socket =
        std::string(suite.run_path) + "/" + channel.socket.filename().string();
    relays += channel.name == feed_channel
                  ? fmt::format("carry {} feed {}\n", channel.name, fpm_port)
                  : fmt::format("carry {} relay {}\n", channel.name, quoted(socket));
  }
  return fmt::format(R"SH(#!/usr/bin/busybox sh
# prepare DAEMONS: makes the guest ready and starts issu-init, which holds the daemons.
export PATH=/usr/sbin:/usr/bin
b=/usr/bin/busybox
# busybox's shell takes an applet of its own for a plain "ip".
ip=/usr/bin/ip
$b mkdir -p /run/issu {run} {config}{folders}
$b cp -r {disk}/etc/. {config}/
printf '%s' "$1" >/run/issu/daemons
link() {{
  for each in /sys/class/net/*/ifindex; do
    [ "$($b cat "$each")" = "$1" ] || continue
    old=${{each%/ifindex}}
    old=${{old##*/}}
    [ "$old" = "$2" ] || {{ $ip link set "$old" down; $ip link set "$old" name "$2"; }}
    echo 0 >"/proc/sys/net/ipv6/conf/$2/accept_dad"
    $ip link set "$2" mtu "$3" up
    return
  done
  echo "there is no link number $1 for the port $2" >&2
  exit 1
}}
carry() {{
  for each in /sys/class/virtio-ports/*/name; do
    [ "$($b cat "$each" 2>/dev/null)" = "$1" ] || continue
    port=${{each%/name}}
    $b setsid {init} "$2" "/dev/${{port##*/}}" "$3" </dev/null >/dev/null 2>&1 &
  done
}}
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
{links}{relays}$b setsid $b unshare -p -f {init} /run/issu </dev/null >/dev/null 2>&1 &
)SH",
                     fmt::arg("run", suite.run_path), fmt::arg("config", suite.config_path),
                     fmt::arg("folders", folders), fmt::arg("disk", guest_config),
                     fmt::arg("init", guest_init), fmt::arg("links", links_script(spec)),
                     fmt::arg("relays", relays));
}

}  // namespace

Result<std::string> mac_of(const RouterSpec& spec, std::size_t port) {
  ifreq asked{};
  const std::string& name = spec.ports[port].name;
  name.copy(asked.ifr_name, sizeof asked.ifr_name - 1);
  ISSU_TRY(NetNs::inside(NetNs::path_of(spec.npu_netns()),
                         [&]() -> Result<void> {
                           const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
                           return socket && ::ioctl(socket.get(), SIOCGIFHWADDR, &asked) == 0
                                      ? Result<void>()
                                      : fail_errno("asking for the hardware address of " + name);
                         }),
           "looking at the port " + name);
  const auto* bytes = reinterpret_cast<const unsigned char*>(asked.ifr_hwaddr.sa_data);
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2],
                     bytes[3], bytes[4], bytes[5]);
}

std::vector<GuestChannel> channels_of(const RouterSpec& spec, const Suite& suite,
                                      const GuestFiles& files) {
  std::vector<GuestChannel> channels;
  if (suite.name == "bird") {
    channels.push_back({"issu.bird", files.run() / "bird.ctl"});
    return channels;
  }
  for (const std::string& daemon : spec.daemons) {
    channels.push_back({"issu." + daemon, files.run() / (daemon + ".vty")});
  }
  if (spec.npu.takes_fpm()) {
    channels.push_back({feed_channel, files.run() / "fpm"});
  }
  return channels;
}

Result<void> write_config_disk(const RouterSpec& spec, const Suite& suite,
                               const GuestFiles& files) {
  const fs::path tree = files.folder / "config";
  ISSU_TRY(remove_tree(tree), "writing the configuration disk");
  ISSU_TRY(copy_config(suite, spec.config_dir, tree / "etc"), "writing the configuration disk");
  ISSU_TRY(bring_init_program(tree / "issu-init"), "writing the configuration disk");
  ISSU_TRY(write_file_atomic(tree / "prepare",
                             prepare_script(spec, suite, channels_of(spec, suite, files)), 0755),
           "writing the configuration disk");
  std::error_code ignored;
  fs::remove(files.config_disk(), ignored);
  ISSU_TRY(run_checked({"mksquashfs", tree.string(), files.config_disk().string(), "-all-root",
                        "-noappend", "-no-progress", "-quiet", "-no-xattrs"}),
           "writing the configuration disk");
  return remove_tree(tree);
}

}  // namespace issu::backends::vm
