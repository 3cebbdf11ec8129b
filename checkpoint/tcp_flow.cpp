#include "checkpoint/tcp_flow.hpp"

#include <arpa/inet.h>

namespace issu::checkpoint {
namespace {

std::string end_text(std::uint8_t family, const std::array<std::uint8_t, 16>& address,
                     std::uint16_t port) {
  const std::string text = address_text(family, address);
  return (family == 6 ? "[" + text + "]" : text) + ":" + std::to_string(port);
}

}  // namespace

std::string address_text(std::uint8_t family, const std::array<std::uint8_t, 16>& address) {
  char text[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(family == 4 ? AF_INET : AF_INET6, address.data(), text, sizeof text);
  return text;
}

std::string flow_text(const TcpFlow& flow) {
  return end_text(flow.family, flow.local_address, flow.local_port) + " - " +
         end_text(flow.family, flow.remote_address, flow.remote_port);
}

}  // namespace issu::checkpoint
