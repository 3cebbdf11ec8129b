#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace issu::checkpoint::net_state {

using Bytes = std::vector<std::byte>;

/// One thing of the network stack, as an rtnetlink message says it: the struct at its start and its
/// attributes, without what changes by itself (counters, ages, states) and what follows from the
/// rest. So two are equal when a kernel does the same with both, and what was read can be sent.
struct NetObject {
  std::uint16_t type = 0;  ///< RTM_NEWLINK, RTM_NEWADDR, …
  Bytes head;              ///< ifinfomsg, ifaddrmsg, …
  std::map<std::uint16_t, Bytes> attributes;

  auto operator<=>(const NetObject&) const = default;

  [[nodiscard]] std::optional<std::uint32_t> number(std::uint16_t attribute) const;
  [[nodiscard]] std::string text(std::uint16_t attribute) const;
  void set(std::uint16_t attribute, std::uint32_t value);
  void set(std::uint16_t attribute, std::string_view text);

  /// The struct at its start; all zero where there is less.
  template <typename T>
  [[nodiscard]] T head_as() const {
    T value{};
    if (head.size() >= sizeof value) {
      std::copy_n(head.data(), sizeof value, static_cast<std::byte*>(static_cast<void*>(&value)));
    }
    return value;
  }
  template <typename T>
  void set_head(const T& value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    head.assign(bytes.begin(), bytes.end());
  }
};

/// Reads one message (its payload, without nlmsghdr). No value for what is not kept: what the
/// kernel makes by itself (its own routes, learned addresses), what is only a cache.
[[nodiscard]] std::optional<NetObject> object_of(std::uint16_t type,
                                                 std::span<const std::byte> payload);

/// The payload of a message that makes it.
[[nodiscard]] Bytes payload_of(const NetObject& object);

/// For people: "route 192.0.2.0/24 of table 254".
[[nodiscard]] std::string name_of(const NetObject& object);

/// Of a link: "dummy"; empty for a device that nobody can make (a network card, the loopback).
[[nodiscard]] std::string kind_of(const NetObject& link);

}  // namespace issu::checkpoint::net_state
