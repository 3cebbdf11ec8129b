#include "state-sync/prefix.hpp"

#include <arpa/inet.h>

#include <charconv>

namespace issu::state_sync {
namespace {

int address_family(std::uint8_t family) {
  return family == 6 ? AF_INET6 : AF_INET;
}

unsigned width_of(std::uint8_t family) {
  return family == 6 ? 128U : 32U;
}

bool host_bits_zero(const Prefix& prefix) {
  const unsigned width = width_of(prefix.family);
  for (unsigned bit = prefix.length; bit < width; ++bit) {
    if (((prefix.bytes[bit / 8U] >> (7U - bit % 8U)) & 1U) != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string Prefix::text() const {
  char address[INET6_ADDRSTRLEN] = "?";
  ::inet_ntop(address_family(family), bytes.data(), address, sizeof address);
  return std::string(address) + "/" + std::to_string(static_cast<unsigned>(length));
}

Result<Prefix> Prefix::parse(std::string_view text) {
  const std::string quoted = "\"" + std::string(text.substr(0, 64)) + "\"";
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) {
    return fail(quoted + " is no prefix: it has no length",
                "write it as 192.0.2.0/24 or 2001:db8::/32");
  }
  Prefix prefix;
  prefix.family = text.substr(0, slash).find(':') == std::string_view::npos ? 4 : 6;
  const std::string address(text.substr(0, slash));
  // An embedded NUL would end the C string early and hide what follows.
  if (address.find('\0') != std::string::npos ||
      ::inet_pton(address_family(prefix.family), address.c_str(), prefix.bytes.data()) != 1) {
    return fail(quoted + " is no prefix: its address can't be read",
                "write it as 192.0.2.0/24 or 2001:db8::/32");
  }
  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  const unsigned width = width_of(prefix.family);
  if (error != std::errc{} || end != digits.data() + digits.size() || length > width ||
      (digits.size() > 1 && digits.front() == '0')) {
    return fail(quoted + " is no prefix: its length is not a number from 0 to " +
                std::to_string(width));
  }
  prefix.length = static_cast<std::uint8_t>(length);
  if (!host_bits_zero(prefix)) {
    return fail(quoted + " is no prefix: bits behind its length are set",
                "write the network's address, with zeros behind the length");
  }
  return prefix;
}

Prefix nth_after(const Prefix& first, std::uint64_t n) {
  Prefix result = first;
  if (first.length == 0) {
    return result;  // there is one prefix of length 0
  }
  // n is added at the bit where the prefix ends, byte by byte from there towards the front.
  const unsigned shift = (8U - first.length % 8U) % 8U;
  unsigned carry = 0;
  unsigned step = 0;
  for (int index = (first.length - 1) / 8; index >= 0; --index, ++step) {
    unsigned addend = step < 8 ? static_cast<unsigned>((n >> (8U * step)) & 0xffU) << shift : 0U;
    if (step > 0 && step <= 8) {
      addend |= static_cast<unsigned>((n >> (8U * (step - 1U))) & 0xffU) >> (8U - shift);
    }
    auto& byte = result.bytes[static_cast<std::size_t>(index)];
    const unsigned sum = byte + (addend & 0xffU) + carry;
    byte = static_cast<std::uint8_t>(sum & 0xffU);
    carry = sum >> 8U;
  }
  return result;
}

}  // namespace issu::state_sync
