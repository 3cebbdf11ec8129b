#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace issu::backends::vm {

/// What runs the instructions of a guest.
enum class Accelerator {
  kvm,  ///< the processor itself
  tcg,  ///< QEMU in software: many times slower, times are not those of hardware
};

/// One network device of a guest: a tap that is there already (of the NPU), and stays there.
struct GuestLink {
  std::string tap;      ///< its name where QEMU is started
  std::string mac;      ///< that the guest sees, "02:00:00:00:00:01"
  bool plugged = true;  ///< the guest sees a carrier
};

/// A byte stream between a unix socket on the host, at which QEMU listens, and a virtio-serial port
/// that the guest finds by its name.
struct GuestChannel {
  std::string name;  ///< "issu.bgpd"
  std::filesystem::path socket;
};

/// One more disk of a guest.
struct GuestDisk {
  std::filesystem::path file;  ///< raw
  bool read_only = false;
};

/// A kernel that QEMU starts itself, in place of what a firmware finds on a disk.
struct DirectBoot {
  std::filesystem::path kernel;
  std::filesystem::path initrd;  ///< or empty
  std::string words;             ///< its command line
};

/// A virtual machine, as it is defined at the hypervisor.
struct Domain {
  std::string name;  ///< unique at one hypervisor
  Accelerator accelerator = Accelerator::tcg;
  std::uint32_t memory_mib = 512;
  std::uint32_t vcpus = 1;
  std::string cpus;                   ///< of the host, for those: "2-5,8"; empty: any
  std::string machine = "q35";        ///< QEMU's name of the board
  std::filesystem::path disk;         ///< qcow2, written to; the first disk
  bool disk_is_raw = false;           ///< raw and read only, instead
  std::filesystem::path config_disk;  ///< raw, read only, serial number "issu-config"; or empty
  std::vector<GuestDisk> more_disks;  ///< behind those, in this order; what is written may be lost
                                      ///< with the host, not with the guest
  std::optional<DirectBoot> boot;     ///< none: what the firmware finds on the first disk
  std::vector<std::string> without;   ///< features of the processor that it does not get
  std::filesystem::path serial_log;   ///< what the guest says on its first serial port
  std::vector<GuestLink> links;
  std::vector<GuestChannel> channels;
  bool agent = true;  ///< a channel for qemu-guest-agent
};

/// One of its links in the same words, as it stands in the domain.
[[nodiscard]] std::string link_xml(const GuestLink& link, const std::string& place = {});

/// Features that a guest under TCG is better off without. cx16: QEMU 7.2 leaves rubbish in the
/// flags register behind `cmpxchg16b`, and a kernel that uses it (6.12 does all the time) dies of a
/// double fault in its boot, now and then. A guest whose programs insist on x86-64-v2 needs it.
[[nodiscard]] std::vector<std::string> unsafe_under_tcg();

/// As a value in an attribute or between tags.
[[nodiscard]] std::string escaped(const std::string& text);

/// Names it in the domain XML of libvirt (https://libvirt.org/formatdomain.html). A guest that
/// stops or panics, or whose firmware finds nothing to boot from, is gone afterwards: it never
/// restarts by itself. With a serial log, the firmware speaks there too.
[[nodiscard]] std::string domain_xml(const Domain& domain);

/// The ends on the host of everything that a machine has: its files and sockets, and its taps.
struct HostEnds {
  std::filesystem::path folder;   ///< all its files and sockets are in it, under the same names
  std::vector<std::string> taps;  ///< in the order of its links
};

/// The same domain with all links plugged in, or out.
[[nodiscard]] std::string plugged_xml(std::string xml, bool plugged);

/// A running machine's domain as it is to be at another hypervisor: each end on the host in place
/// of the one it had, and the emulator that is usual there. The guest sees no difference.
[[nodiscard]] std::string moved_xml(std::string xml, const HostEnds& from, const HostEnds& to);

}  // namespace issu::backends::vm
