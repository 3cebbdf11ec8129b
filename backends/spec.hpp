#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace issu::backends {

/// The two places that a route processor's software can stand in.
enum class Slot { a, b };

[[nodiscard]] constexpr Slot other(Slot slot) {
  return slot == Slot::a ? Slot::b : Slot::a;
}
[[nodiscard]] constexpr const char* name_of(Slot slot) {
  return slot == Slot::a ? "a" : "b";
}

/// One port of the router: an interface inside the chassis.
struct PortSpec {
  std::string name;                    ///< interface name inside the chassis, 1 to 15 characters
  std::vector<std::string> addresses;  ///< "192.0.2.1/24"; set when the router comes up
  /// A host interface that is moved into the chassis and given `name`; `router down` moves it
  /// back under its old name. Empty: a veth pair is created, its other end named `peer_name` in
  /// the network namespace `peer_netns`.
  std::string device;
  std::string peer_netns;  ///< a name under /run/netns
  std::string peer_name;
  std::optional<unsigned> mtu;
};

/// How many packets of a class the route processor is given.
struct PuntRate {
  std::uint32_t per_second = 0;
  std::uint32_t burst = 0;  ///< of them at once
  auto operator<=>(const PuntRate&) const = default;
};

/// What a port of the driver "soft" gives to the route processor at the most: what the policer lets
/// through, a class each, so that a flood of one starves no other.
struct PuntRates {
  PuntRate neighbour{2'000, 500};   ///< ARP and neighbour discovery
  PuntRate control{20'000, 4'000};  ///< for the router's own addresses: sessions and full tables
  PuntRate exception{1'000, 200};   ///< what is answered with an ICMP error
  auto operator<=>(const PuntRates&) const = default;
};

/// What the driver "soft" has between a port and the route processor.
enum class PuntLinks {
  shared,  ///< one veth pair into the chassis' namespace, which the containers of both slots share
  taps,    ///< a persistent tap for each slot: what a VM opens
};

/// Who forwards, and with what; filled from `[npu]` of router.toml. All but the driver is the
/// business of the driver "soft".
struct NpuSpec {
  std::string driver = "kernel";     ///< "kernel" or "soft"
  std::string engine = "packet";     ///< "packet" (packet rings) or "xdp"
  std::string feed = "fpm";          ///< where routes come from: "fpm" or "netlink"
  bool icmp_echo = false;            ///< answers pings to the router while the daemons are dark
  std::uint32_t routes = 1'500'000;  ///< room in the tables, both families together
  PuntRates punt;
  PuntLinks punt_links = PuntLinks::shared;  ///< by what the slots are, not by router.toml

  /// Whether the daemons have to say their routes over FPM.
  [[nodiscard]] bool takes_fpm() const { return driver == "soft" && feed == "fpm"; }
};

/// How long a virtual machine may take to move to another hypervisor while it runs, and how; filled
/// from `[vm.migrate]` of router.toml.
struct MigrateLimits {
  std::uint32_t downtime_ms = 300;    ///< it may stand still at the end: what is left is sent then
  std::uint32_t iterations = 60;      ///< passes over its memory, then the move is given up
  double timeout_s = 120;             ///< of the whole move, then it is given up
  std::uint32_t bandwidth_mib_s = 0;  ///< at the most; 0: as fast as it goes
};

/// A guest without an agent, as it can be known from outside: by its console and by BGP; filled
/// from
/// `[vm.foreign]` of router.toml.
struct ForeignGuest {
  /// Attached read only, as it is, as the second disk of both slots' machines. Empty: none.
  std::filesystem::path config_disk;
  std::string ready;     ///< what its serial console says once it is up; empty: nobody waits
  double ready_s = 300;  ///< for that
  std::string address = "169.254.0.2";       ///< its own, on its last network device
  std::string collector = "169.254.0.1/30";  ///< the host's, at the other end of that link
  std::uint32_t as = 65000;                  ///< of the iBGP session between the two
};

/// The virtual machines of the slots; filled from `[vm]` of router.toml, for the backend "vm".
struct VmSpec {
  /// Of libvirt, "qemu:///system". Empty: libvirt's driver in our own process.
  std::string uri;
  /// Of a second libvirt, where the machine of slot b runs. Empty: both run at the first.
  std::string uri_b;
  std::string accelerator = "tcg";  ///< "kvm" or "tcg"
  std::string machine = "q35";      ///< QEMU's name of the board
  std::uint32_t memory_mib = 512;   ///< of each slot
  std::uint32_t vcpus = 1;
  /// The host's processors on which those run, "1" or "2-5,8"; empty: on any.
  std::string cpus;
  MigrateLimits migrate;
  std::optional<ForeignGuest> foreign;  ///< `agent = false`; no value: the guests are of our images
};

/// What a backend and an NPU driver have to know of a router; filled from router.toml.
struct RouterSpec {
  std::string name;                 ///< a-z, 0-9, '-', at most 24 characters
  std::filesystem::path state_dir;  ///< survives a reboot: slots, journal, history
  std::filesystem::path run_dir;    ///< does not: mounts, sockets, logs of what runs
  /// The chassis, a name under /run/netns: what the slots' containers share. With the NPU driver
  /// "soft", the ports themselves are in a namespace of their own beside it (`npu_netns`).
  std::string netns;
  std::string suite;                 ///< "frr" or "bird": which daemons, and how they are asked
  std::vector<std::string> daemons;  ///< which of the suite's, e.g. {"zebra", "bgpd", "staticd"}
  std::filesystem::path config_dir;  ///< their configuration, outside every image
  std::vector<PortSpec> ports;
  NpuSpec npu;
  VmSpec vm;
  /// The slots' containers are in a user namespace: what is 0 to 65,535 in them is this id and the
  /// following ones on the host. No value: they have the host's own ids.
  std::optional<std::uint32_t> first_id;

  /// Of the backend "card": the root file system of the card, with the container's in it.
  std::filesystem::path card_image;
  /// run_dir is a disk that outlives the kernel: saved states lie in it as plain folders, and what
  /// a slot has written is still there when its image is mounted again.
  bool run_dir_stays = false;

  /// The user namespace of both slots, to which the chassis belongs; only with `first_id`.
  [[nodiscard]] std::filesystem::path user_ns() const { return run_dir / "userns"; }
  /// Where the NPU driver "soft" has the ports.
  [[nodiscard]] std::string npu_netns() const { return netns + "-npu"; }
  /// A unix socket at which a slot says its routes, where it can't reach the NPU by a network
  /// (state-sync/fpm/channel.hpp).
  [[nodiscard]] std::filesystem::path feed_socket(Slot slot) const {
    return run_dir / (std::string("slot-") + name_of(slot)) / "run" / "fpm";
  }
};

}  // namespace issu::backends
