#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backends/card/memory_half.hpp"
#include "backends/card/places.hpp"
#include "backends/spec.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::card {

/// A port of the router as the card sees it: two network cards, one for each slot's kernel, since
/// the NPU has a way to each slot. The kernel that runs gives its own the port's address.
struct CardPort {
  std::string name;                  ///< in the chassis
  std::string mac;                   ///< that the neighbours know
  std::array<std::string, 2> cards;  ///< by slot: the hardware address by which it is found
  std::vector<std::string> addresses;
  std::optional<unsigned> mtu;
};

/// A virtio-serial port of the card, and the daemon's socket that the host reaches through it.
struct CardChannel {
  std::string port;    ///< "issu.bgpd"
  std::string socket;  ///< in the slot's folder of sockets, "bgpd.vty"
};

/// The virtio-serial port over which a slot says its routes.
[[nodiscard]] inline std::string feed_port(Slot slot) {
  return std::string("issu.fpm.") + name_of(slot);
}

/// What a card has to know of its router: a JSON file on its configuration disk.
struct CardDocument {
  std::string router;
  std::string suite;
  std::vector<std::string> daemons;
  bool takes_fpm = false;
  std::uint32_t memory_mib = 512;  ///< of each of the two halves
  std::vector<CardPort> ports;
  std::vector<CardChannel> channels;
};

[[nodiscard]] std::string write_document(const CardDocument& document);
Result<CardDocument> read_document(const std::string& text);

/// Of the chassis' links: the loopback is 1, the NPU counts the ports from here.
constexpr int first_port_index = 2;

/// Behind the disks of places.hpp.
[[nodiscard]] constexpr const char* kernel_disk(Slot slot) {
  return slot == Slot::a ? "/dev/vdd" : "/dev/vde";
}

/// The command line of a card's kernel. `memory`: where it runs; `resume`: the slot whose saved
/// state goes on; `drop`: without its sessions.
[[nodiscard]] std::string kernel_words(Slot slot, const MemoryHalf& memory,
                                       std::optional<Slot> resume, bool drop = false);

}  // namespace issu::backends::card
