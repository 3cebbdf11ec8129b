#pragma once

#include <string>
#include <vector>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"
#include "state-sync/tables/types.hpp"

namespace issu::backends::soft {

/// An address of an interface of the route processor.
struct OwnAddress {
  std::string interface;
  tables::Address address;
  std::uint8_t length = 0;  ///< of the prefix that it is in
  bool operator==(const OwnAddress&) const = default;
};

/// All of them in the calling thread's network namespace, but for 127.0.0.0/8 and ::1.
Result<std::vector<OwnAddress>> own_addresses();

/// `text`: "192.0.2.1/24", as router.toml has it.
Result<OwnAddress> own_address(const std::string& interface, const std::string& text);

/// The prefix that an address is in.
[[nodiscard]] state_sync::Prefix prefix_of(const tables::Address& address, std::uint8_t length);

/// A netlink socket in the calling thread's namespace that becomes readable when a link changes
/// and, with `addresses`, when an address does. Non-blocking.
Result<Fd> open_notifications(bool addresses);
/// Reads all that waits; whether there was something.
bool drain_notifications(const Fd& socket);

}  // namespace issu::backends::soft
