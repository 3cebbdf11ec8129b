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
  std::filesystem::path initrd;
  std::string words;  ///< its command line
};

/// A virtual machine, as it is defined at the hypervisor.
struct Domain {
  std::string name;  ///< unique at one hypervisor
  Accelerator accelerator = Accelerator::tcg;
  std::uint32_t memory_mib = 512;
  std::uint32_t vcpus = 1;
  std::string machine = "q35";        ///< QEMU's name of the board
  std::filesystem::path disk;         ///< qcow2, written to; the first disk
  bool disk_is_raw = false;           ///< raw and read only, instead
  std::filesystem::path config_disk;  ///< raw, read only, serial number "issu-config"; or empty
  std::vector<GuestDisk> more_disks;  ///< behind those, in this order; what is written may be lost
                                      ///< with the host, not with the guest
  std::optional<DirectBoot> boot;
  std::vector<std::string> without;  ///< features of the processor that it does not get
  std::filesystem::path serial_log;  ///< what the guest says on its first serial port
  std::vector<GuestLink> links;
  std::vector<GuestChannel> channels;
  bool agent = true;  ///< a channel for qemu-guest-agent
};

/// One of its links in the same words, as it stands in the domain.
[[nodiscard]] std::string link_xml(const GuestLink& link);

/// Names it in the domain XML of libvirt (https://libvirt.org/formatdomain.html). A guest that
/// stops or panics is gone afterwards: it never restarts by itself.
[[nodiscard]] std::string domain_xml(const Domain& domain);

}  // namespace issu::backends::vm
