#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "state-sync/prefix.hpp"

namespace issu::measure {

/// `count` prefixes of one length that follow each other, from `first` on.
struct PrefixRange {
  state_sync::Prefix first;
  std::uint64_t count = 1;
};

/// One probe stream: numbered, timestamped UDP frames from one side of the router to another.
/// Frame n goes to an address in prefix n modulo the number of prefixes: every route is used.
struct StreamPlan {
  std::string name;
  std::string from_netns;  ///< names under /run/netns: the instrument stands outside the router
  std::string to_netns;
  std::vector<PrefixRange> destinations;  ///< of one family; the receiver accepts them all
  std::string source;                     ///< an address of the sending side
  double rate_pps = 1000;
  unsigned payload_bytes = 64;  ///< of the UDP datagram; 32 at least
};

/// A neighbour of the router whose own view is watched.
struct PeerPlan {
  std::string name;
  std::string kind;  ///< "bird" or "frr"
  /// bird: its control socket. frr: the folder of its vty sockets.
  std::filesystem::path control;
  /// The session to watch: bird: the protocol's name; frr: the router's address.
  std::vector<std::string> sessions;
  /// Of the peer's daemon, with times to the millisecond; may be empty.
  std::filesystem::path log{};
  /// The router as a neighbour by OSPF: bird: the protocol's name and the router's id, "ospf4
  /// 192.0.2.1"; frr: the router's id.
  std::vector<std::string> ospf{};
  std::vector<std::string> bfd{};  ///< the router's addresses with a BFD session
};

/// One of the router's own addresses, asked by ICMP echo from outside.
struct EchoPlan {
  std::string name;
  std::string netns;     ///< a name under /run/netns: where it is asked from
  std::string address;   ///< of the router
  double rate_pps = 20;  ///< 100 at most: a control plane answers it
};

struct MeasurePlan {
  std::vector<StreamPlan> streams;
  std::vector<PeerPlan> peers;
  std::vector<EchoPlan> echoes{};
};

}  // namespace issu::measure
