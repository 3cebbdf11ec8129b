#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/conditioner/record.hpp"
#include "issu/base/result.hpp"

namespace issu::checkpoint::conditioner {

/// Which sockets have an option.
enum Sockets : std::uint32_t {
  any = 0,
  tcp4 = 1U << 0U,
  tcp6 = 1U << 1U,
  datagram4 = 1U << 2U,  ///< UDP and the like
  datagram6 = 1U << 3U,
  raw4 = 1U << 4U,
  raw6 = 1U << 5U,
  packet = 1U << 6U,
  netlink = 1U << 7U,
  listening = 1U << 8U,  ///< of TCP sockets the listening ones only
};

/// A socket option that CRIU does not restore and that getsockopt(2) tells.
struct Option {
  std::uint32_t level = 0;
  std::uint32_t name = 0;
  std::string_view label;
  std::uint32_t sockets = any;
};

/// All of them. CRIU 4.2.1 forgets each (tests/checkpoint shows it).
[[nodiscard]] std::span<const Option> forgotten_options();
/// None when it is not in the table.
[[nodiscard]] const Option* find_option(std::uint32_t level, std::uint32_t name);

/// The options that this socket has, with their values.
[[nodiscard]] std::vector<OptionValue> read_options(int fd, const Socket& socket);

/// Sets those that have another value now. Says how many it set; the error names every option
/// that could not be set.
Result<std::size_t> write_options(int fd, std::span<const OptionValue> options);

}  // namespace issu::checkpoint::conditioner
