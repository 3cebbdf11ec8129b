#pragma once

#include <string>
#include <vector>

#include "issu/base/fd.hpp"

namespace issu::tests {

/// A socket with everything that CRIU forgets.
struct StrangeSocket {
  std::string what;
  Fd fd;
};

/// One socket of each kind that the conditioner knows, each option of its table set to another
/// value than the default, in multicast groups on `interface`, with keys. Throws when a kind can't
/// be made here.
std::vector<StrangeSocket> make_strange_sockets(const std::string& interface);

/// The same kinds with the same addresses, and nothing set: what is left when all is forgotten.
std::vector<StrangeSocket> make_plain_sockets(const std::string& interface);

inline constexpr const char* strange_key = "a key of TCP-MD5";

}  // namespace issu::tests
