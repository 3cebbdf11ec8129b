#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "state-sync/prefix.hpp"

namespace issu::bench {

/// Next hops that the routes are spread over, at random: ids 1 to this.
inline constexpr std::uint32_t nexthops = 200;

struct Route {
  state_sync::Prefix prefix;
  std::uint32_t nexthop = 0;
};

/// 1.03 million IPv4 prefixes: lengths in the shares of the Internet's table, 5,000 of /25 to /32
/// beside, somewhere in 1.0.0.0 to 223.255.255.255, in no order.
const std::vector<Route>& routes4();
/// 220,000 IPv6 prefixes in 2000::/3, most of them /48, /32, /44, /40.
const std::vector<Route>& routes6();

/// Random destinations where routes4 may be; host byte order.
const std::vector<std::uint32_t>& destinations4();
/// Inside of routes6, each at random; 16 bytes each.
const std::vector<std::uint8_t>& destinations6();

/// Puts the inside of some memory on huge pages, content and addresses stay; it is this process's
/// own afterwards. False: the kernel did not.
inline bool onto_huge_pages(void* begin, std::size_t bytes) {
  constexpr std::uintptr_t huge = 2U << 20U;
  const auto first = reinterpret_cast<std::uintptr_t>(begin);
  const auto from = (first + huge - 1) / huge * huge;
  const auto size = (first + bytes) / huge * huge - from;
  void* const at = reinterpret_cast<void*>(from);
  const std::vector<char> copy(static_cast<char*>(at), static_cast<char*>(at) + size);
  if (::mmap(at, size, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
      at) {
    std::abort();
  }
  const bool advised = ::madvise(at, size, MADV_HUGEPAGE) == 0;
  std::memcpy(at, copy.data(), size);
  constexpr int collapse = 25;  // MADV_COLLAPSE, newer than Debian 12's headers
  return advised && ::madvise(at, size, collapse) == 0;
}

}  // namespace issu::bench
