#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "issu/base/result.hpp"
#include "issu/measure/plan.hpp"

namespace issu::measure {

/// Where frame n of a stream goes: host .1 in prefix n modulo the number of prefixes (in a prefix
/// of one address, that address). Computed, not stored: a full table takes no memory.
class Destinations {
 public:
  /// `ranges`: at least one, of one family.
  Destinations(std::vector<PrefixRange> ranges, std::uint16_t port);

  /// Fills in family, port and address; gives back the length of it.
  socklen_t address(std::uint64_t n, sockaddr_storage& out) const;
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] int family() const { return family_; }

 private:
  std::vector<PrefixRange> ranges_;
  std::uint16_t port_;
  int family_;
  std::uint64_t count_ = 0;
};

/// An address and a port as the socket calls want them.
Result<socklen_t> socket_address(const std::string& address, std::uint16_t port,
                                 sockaddr_storage& out);

}  // namespace issu::measure
