#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "issu/drill/hypervisors.hpp"
#include "issu/drill/scenario.hpp"

namespace issu::drill {

/// Where one peer stands: its namespace, its link to the router and its files.
struct PeerPlace {
  PeerSpec spec;
  std::string netns;
  std::string port;            ///< the router's end of the link
  std::string interface;       ///< the peer's end
  std::string router4, peer4;  ///< of a /30
  std::string router6, peer6;  ///< of a /64
  unsigned as = 0;
  std::filesystem::path dir;  ///< configuration, sockets, log
};

/// Names, addresses and paths of a lab, all with its id in them: two labs never meet.
struct Layout {
  std::string id;  ///< "drill-4711", also the router's name
  std::filesystem::path work;
  unsigned router_as = 65000;
  std::vector<PeerPlace> peers;
  std::optional<OspfSpec> ospf;
  std::optional<BfdSpec> bfd;
  std::string cpus;  ///< of the host, for the router's machine alone; empty: it has none of its own

  [[nodiscard]] std::filesystem::path router_file() const { return work / "router.toml"; }
  [[nodiscard]] std::filesystem::path config_dir() const { return work / "config"; }
  /// The configuration of a guest without an agent, as a disk.
  [[nodiscard]] std::filesystem::path startup_disk() const { return work / "startup.squashfs"; }
  [[nodiscard]] std::filesystem::path state_dir() const { return work / "state"; }
  /// Beside the work folder: it outlives the lab.
  [[nodiscard]] std::filesystem::path evidence() const { return work.string() + "-evidence"; }
  [[nodiscard]] std::filesystem::path run_dir() const { return "/run/issu/" + id; }
  [[nodiscard]] std::string chassis() const { return "issu-" + id; }
  /// Of the lab's own libvirt daemon for slot `a` or `b`.
  [[nodiscard]] PrivateHypervisor hypervisor(const std::string& slot) const {
    return {hypervisors_dir() / slot, npu_netns()};
  }
  [[nodiscard]] std::filesystem::path hypervisors_dir() const { return run_dir().string() + "-hv"; }
  /// Of the NPU driver soft: where the ports are.
  [[nodiscard]] std::string npu_netns() const { return chassis() + "-npu"; }
};

/// `work` is absolute; nothing is created.
[[nodiscard]] Layout lay_out(const LabSpec& lab, const std::string& id,
                             const std::filesystem::path& work);

/// How many prefixes peers announce together, by family.
struct RouteCount {
  std::uint64_t ipv4 = 0;
  std::uint64_t ipv6 = 0;
};
[[nodiscard]] RouteCount announced(const std::vector<PeerSpec>& peers);

/// The fewest prefixes that together cover exactly a range.
[[nodiscard]] std::vector<state_sync::Prefix> cover(const measure::PrefixRange& range);

}  // namespace issu::drill
