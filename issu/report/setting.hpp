#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace issu::report {

/// The device under test: hardware and software. What isn't known is empty or has no value.
struct Device {
  std::string model;  ///< of the machine, as its firmware says
  std::string cpu;
  std::optional<std::uint64_t> cpus;
  std::optional<std::uint64_t> memory_bytes;
  std::string hypervisor;   ///< that the machine itself runs on; empty: none, or not known
  std::string os;           ///< of the host
  std::string kernel;       ///< of the host
  std::string slot_kernel;  ///< of the slot that runs at the end, where it has one of its own
  std::string accelerator;  ///< of virtual machines: "kvm", "tcg"
};

/// A port of the router and who is at its other end.
struct PortLine {
  std::string name;
  std::vector<std::string> addresses;
  std::string media;  ///< "virtual Ethernet (veth)", "host interface eth1"
  std::string far_end;
};

/// A neighbour whose sessions are watched.
struct NeighbourLine {
  std::string name;
  std::string daemon;
  std::uint64_t sessions = 0;
};

/// A probe stream as it was planned.
struct LoadLine {
  std::string name;
  std::string from;
  std::string to;
  int family = 4;
  std::uint64_t prefixes = 0;
  std::vector<unsigned> prefix_lengths;
  double rate_pps = 0;
  unsigned frame_bytes = 0;  ///< Ethernet frame with its checksum (RFC 2544)
};

/// What the router's own configuration became across the upgrade, as its daemons say it.
struct ConfigurationDelta {
  bool compared = false;
  std::string why_not;
  std::vector<std::string> release;     ///< lines that come or go with the version
  std::vector<std::string> unexpected;  ///< of what was configured: lines that are gone or changed
};

/// All that RFC 7654, section 7, wants to be told of beside the figures.
struct Setting {
  Device device;
  std::vector<PortLine> ports;
  std::vector<NeighbourLine> neighbours;
  std::vector<LoadLine> load;
  std::vector<std::string> control_protocols;  ///< "bgp", "ospf", "bfd"
  ConfigurationDelta configuration;
  std::vector<std::string> anomalies_after;  ///< found in what was measured, when all was over
};

}  // namespace issu::report
