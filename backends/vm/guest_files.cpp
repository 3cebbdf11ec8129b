#include "backends/vm/guest_files.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "backends/suite/slot_parts.hpp"
#include "issu/base/child.hpp"
#include "issu/base/file.hpp"

namespace issu::backends::vm {
namespace {

namespace fs = std::filesystem;

/// A word for the shell, whatever is in it.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char letter : text) {
    out += letter == '\'' ? "'\\''" : std::string(1, letter);
  }
  return out + "'";
}

std::string links_script(const RouterSpec& spec, Slot slot) {
  std::string text;
  for (std::size_t n = 0; n < spec.ports.size(); ++n) {
    const PortSpec& port = spec.ports[n];
    text += fmt::format("link {} {} {}\n", mac_of(spec, n, slot), quoted(port.name),
                        port.mtu.value_or(1500));
    for (const std::string& address : port.addresses) {
      text += fmt::format("ip address replace {} dev {}\n", quoted(address), quoted(port.name));
    }
  }
  return text;
}

std::string prepare_script(const RouterSpec& spec, const Suite& suite, Slot slot,
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
    relays +=
        fmt::format("relay {} {}\n", channel.name,
                    quoted(std::string(suite.run_path) + "/" + channel.socket.filename().string()));
  }
  return fmt::format(R"SH(#!/usr/bin/busybox sh
# prepare DAEMONS: makes the guest ready and starts issu-init, which holds the daemons.
export PATH=/usr/sbin:/usr/bin
b=/usr/bin/busybox
$b mkdir -p /run/issu {run} {config}{folders}
$b cp -r {disk}/etc/. {config}/
printf '%s' "$1" >/run/issu/daemons
link() {{
  for each in /sys/class/net/*/address; do
    [ "$($b cat "$each")" = "$1" ] || continue
    old=${{each%/address}}
    old=${{old##*/}}
    [ "$old" = "$2" ] || {{ ip link set "$old" down; ip link set "$old" name "$2"; }}
    ip link set "$2" mtu "$3" up
  done
}}
relay() {{
  for each in /sys/class/virtio-ports/*/name; do
    [ "$($b cat "$each" 2>/dev/null)" = "$1" ] || continue
    port=${{each%/name}}
    $b setsid {init} relay "/dev/${{port##*/}}" "$2" </dev/null >/dev/null 2>&1 &
  done
}}
echo 1 >/proc/sys/net/ipv4/ip_forward
{links}{relays}$b setsid $b unshare -p -f {init} /run/issu </dev/null >/dev/null 2>&1 &
)SH",
                     fmt::arg("run", suite.run_path), fmt::arg("config", suite.config_path),
                     fmt::arg("folders", folders), fmt::arg("disk", guest_config),
                     fmt::arg("init", guest_init), fmt::arg("links", links_script(spec, slot)),
                     fmt::arg("relays", relays));
}

}  // namespace

std::string mac_of(const RouterSpec& spec, std::size_t port, Slot slot) {
  const std::string name = spec.name + "/" + spec.ports[port].name + "/" + name_of(slot);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  ::EVP_Digest(name.data(), name.size(), digest.data(), nullptr, ::EVP_sha256(), nullptr);
  return fmt::format("52:54:00:{:02x}:{:02x}:{:02x}", digest[0], digest[1], digest[2]);
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
  return channels;
}

Result<void> write_config_disk(const RouterSpec& spec, const Suite& suite, Slot slot,
                               const GuestFiles& files) {
  const fs::path tree = files.folder / "config";
  ISSU_TRY(remove_tree(tree), "writing the configuration disk");
  ISSU_TRY(copy_config(suite, spec.config_dir, tree / "etc"), "writing the configuration disk");
  ISSU_TRY(bring_init_program(tree / "issu-init"), "writing the configuration disk");
  ISSU_TRY(
      write_file_atomic(tree / "prepare",
                        prepare_script(spec, suite, slot, channels_of(spec, suite, files)), 0755),
      "writing the configuration disk");
  std::error_code ignored;
  fs::remove(files.config_disk(), ignored);
  ISSU_TRY(run_checked({"mksquashfs", tree.string(), files.config_disk().string(), "-all-root",
                        "-noappend", "-no-progress", "-quiet", "-no-xattrs"}),
           "writing the configuration disk");
  return remove_tree(tree);
}

}  // namespace issu::backends::vm
