#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

/// Reading netlink: lengths are never believed before they were compared with what is there.
namespace issu::state_sync {

using Bytes = std::span<const std::byte>;

[[nodiscard]] constexpr std::size_t aligned(std::size_t length) {
  return (length + 3U) & ~std::size_t{3};
}

/// The struct at the start of `bytes`, if it is all there.
template <typename T>
[[nodiscard]] std::optional<T> head_of(Bytes bytes) {
  if (bytes.size() < sizeof(T)) {
    return std::nullopt;
  }
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

[[nodiscard]] inline Bytes after(Bytes bytes, std::size_t length) {
  return length >= bytes.size() ? Bytes{} : bytes.subspan(length);
}

/// Walks attributes, `visit(type, value)`; false on a length that does not fit, or when `visit`
/// says false.
template <typename Visit>
bool each_attribute(Bytes bytes, const Visit& visit) {
  while (!bytes.empty()) {
    const auto head = head_of<rtattr>(bytes);
    if (!head || head->rta_len < sizeof(rtattr) || head->rta_len > bytes.size()) {
      return false;
    }
    if (!visit(static_cast<unsigned>(head->rta_type & NLA_TYPE_MASK),
               bytes.subspan(sizeof(rtattr), head->rta_len - sizeof(rtattr)))) {
      return false;
    }
    bytes = after(bytes, aligned(head->rta_len));
  }
  return true;
}

/// Walks netlink messages, `visit(header, payload)`; false as above.
template <typename Visit>
bool each_message(Bytes bytes, const Visit& visit) {
  while (!bytes.empty()) {
    const auto head = head_of<nlmsghdr>(bytes);
    if (!head || head->nlmsg_len < sizeof(nlmsghdr) || head->nlmsg_len > bytes.size()) {
      return false;
    }
    if (!visit(*head, bytes.subspan(sizeof(nlmsghdr), head->nlmsg_len - sizeof(nlmsghdr)))) {
      return false;
    }
    bytes = after(bytes, aligned(head->nlmsg_len));
  }
  return true;
}

/// The errno in a netlink answer, which holds it negative; 0: none.
[[nodiscard]] constexpr int error_of(std::int32_t code) {
  return code >= 0 ? 0 : code == INT32_MIN ? INT32_MAX : -code;
}

[[nodiscard]] inline bool read_number(Bytes value, std::uint32_t& number) {
  const auto read = head_of<std::uint32_t>(value);
  number = read.value_or(0);
  return read.has_value();
}

}  // namespace issu::state_sync
