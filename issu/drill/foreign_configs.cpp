// The configuration of a router whose guest has no agent: a disk that it reads by itself when it
// starts, made before there is any router, as a vendor's system is given one.

#include <fmt/format.h>

#include <filesystem>

#include "backends/spec.hpp"
#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "issu/drill/configs.hpp"

namespace issu::drill {

std::string foreign_bgpd_conf(const Layout& layout) {
  const backends::ForeignGuest usual;
  const std::string host = usual.collector.substr(0, usual.collector.find('/'));
  return frr_router_conf(layout) +
         fmt::format(
             "router bgp {0}\n neighbor {1} remote-as {0}\n neighbor {1} timers 10 30\n"
             " neighbor {1} timers connect 1\n"
             " address-family ipv4 unicast\n  neighbor {1} activate\n exit-address-family\n"
             " address-family ipv6 unicast\n  neighbor {1} activate\n exit-address-family\n!\n",
             layout.router_as, host);
}

std::string foreign_addresses(const Layout& layout) {
  const backends::ForeignGuest usual;
  std::string text;
  std::size_t number = 0;
  for (const PeerPlace& peer : layout.peers) {
    text += fmt::format("eth{0} {1}/30\neth{0} {2}/64\n", number++, peer.router4, peer.router6);
  }
  return text + fmt::format("eth{} {}{}\n", number, usual.address,
                            usual.collector.substr(usual.collector.find('/')));
}

Result<void> write_startup_disk(const Layout& layout) {
  const std::filesystem::path tree = layout.work / "startup";
  ISSU_TRY(make_dirs(tree, 0755), "the guest's own configuration");
  ISSU_TRY(write_file_atomic(tree / "addresses", foreign_addresses(layout), 0644), "");
  ISSU_TRY(write_file_atomic(tree / "bgpd.conf", foreign_bgpd_conf(layout), 0644), "");
  ISSU_TRY(write_file_atomic(tree / "zebra.conf", "hostname " + layout.id + "\n", 0644), "");
  ISSU_TRY(run_checked({"mksquashfs", tree.string(), layout.startup_disk().string(), "-all-root",
                        "-noappend", "-no-progress", "-quiet", "-no-xattrs"}),
           "making the guest's configuration disk");
  return {};
}

}  // namespace issu::drill
