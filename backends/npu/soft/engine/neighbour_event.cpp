#include "backends/npu/soft/engine/neighbour_event.hpp"

#include <algorithm>
#include <cstring>

namespace issu::backends::soft {
namespace {

tables::Address address_of(std::uint8_t family, const void* bytes) {
  tables::Address address;
  address.family = family;
  std::memcpy(address.bytes.data(), bytes, family == 4 ? 4 : 16);
  return address;
}

bool is_nobody(const tables::Address& address) {
  return std::ranges::all_of(address.bytes, [](std::uint8_t byte) { return byte == 0; });
}

/// A MAC address that one host can have.
bool is_unicast(const tables::MacAddress& mac) {
  return (mac[0] & 1U) == 0 &&
         std::ranges::any_of(mac, [](std::uint8_t byte) { return byte != 0; });
}

tables::MacAddress mac_at(const npu_mac& mac) {
  tables::MacAddress bytes;
  std::memcpy(bytes.data(), &mac, bytes.size());
  return bytes;
}

std::optional<NeighbourEvent> heard_in_arp(std::uint32_t port, Frame frame) {
  npu_arp arp{};
  if (frame.size() < NPU_ETHERNET + sizeof arp) {
    return std::nullopt;
  }
  std::memcpy(&arp, frame.data() + NPU_ETHERNET, sizeof arp);
  const std::uint16_t operation = npu_be16(arp.operation);
  if (npu_be16(arp.hardware) != 1 || npu_be16(arp.protocol) != NPU_TYPE_IP4 ||
      arp.hardware_bytes != 6 || arp.protocol_bytes != 4 || operation < 1 || operation > 2) {
    return std::nullopt;
  }
  return NeighbourEvent{
      NeighbourEvent::Kind::heard,   operation == 2,     port,
      address_of(4, &arp.sender_ip), mac_at(arp.sender), address_of(4, &arp.target_ip)};
}

bool icmp6_sum_good(Frame frame) {
  npu_ip6 ip{};
  std::memcpy(&ip, frame.data() + NPU_ETHERNET, sizeof ip);
  std::uint64_t sum = std::uint64_t{npu_be16(NPU_PROTOCOL_ICMP6)} + ip.payload;
  // The addresses stand before the message: one run over both.
  Frame rest = frame.subspan(NPU_ETHERNET + 8, 32U + npu_be16(ip.payload));
  for (; rest.size() >= 2; rest = rest.subspan(2)) {
    std::uint16_t word = 0;
    std::memcpy(&word, rest.data(), 2);
    sum += word;
  }
  return npu_fold(sum + (rest.empty() ? 0U : rest[0])) == 0xffff;
}

std::optional<NeighbourEvent> heard_in_discovery(std::uint32_t port, Frame frame) {
  npu_ip6 ip{};
  npu_discovery message{};
  constexpr std::size_t begin = NPU_ETHERNET + NPU_IP6_HEADER;
  if (frame.size() < begin + sizeof message) {
    return std::nullopt;
  }
  std::memcpy(&ip, frame.data() + NPU_ETHERNET, sizeof ip);
  std::memcpy(&message, frame.data() + begin, sizeof message);
  const bool advertised = message.type == NPU_ADVERTISEMENT;
  // RFC 4861 7.1: of this link only, and sound. The one option that Linux and the others send
  // first is the one that is asked for.
  if (ip.next != NPU_PROTOCOL_ICMP6 || ip.hop_limit != 255 || message.code != 0 ||
      (!advertised && message.type != NPU_SOLICITATION) || message.option != (advertised ? 2 : 1) ||
      message.option_words != 1 || npu_be16(ip.payload) < sizeof message ||
      begin + npu_be16(ip.payload) > frame.size() || !icmp6_sum_good(frame)) {
    return std::nullopt;
  }
  NeighbourEvent event;
  event.port = port;
  event.mac = mac_at(message.mac);
  event.answer = advertised && (npu_be32(message.flags) & 0x40000000U) != 0;
  event.address = address_of(6, advertised ? message.target : ip.source);
  event.target = address_of(6, advertised ? ip.destination : message.target);
  return event;
}

}  // namespace

std::optional<NeighbourEvent> heard_in(std::uint32_t port, Frame frame) {
  npu_ethernet ethernet{};
  if (frame.size() < sizeof ethernet) {
    return std::nullopt;
  }
  std::memcpy(&ethernet, frame.data(), sizeof ethernet);
  std::optional<NeighbourEvent> event;
  if (npu_be16(ethernet.type) == NPU_TYPE_ARP) {
    event = heard_in_arp(port, frame);
  } else if (npu_be16(ethernet.type) == NPU_TYPE_IP6) {
    event = heard_in_discovery(port, frame);
  }
  if (event && (is_nobody(event->address) || !is_unicast(event->mac))) {
    return std::nullopt;
  }
  return event;
}

NeighbourEvent asked_by(const npu_view& tables, const npu_verdict& verdict, Frame frame) {
  NeighbourEvent event;
  event.kind = NeighbourEvent::Kind::asked;
  event.port = verdict.port;
  const struct npu_nexthop* nexthop = npu_nexthop_at(&tables, verdict.nexthop);
  if (nexthop != nullptr && nexthop->kind == NPU_NH_FORWARD) {
    event.address = address_of(nexthop->family, nexthop->gateway);
  } else if (verdict.version == 4) {
    event.address = address_of(4, frame.data() + NPU_ETHERNET + 16);
  } else {
    event.address = address_of(6, frame.data() + NPU_ETHERNET + 24);
  }
  return event;
}

}  // namespace issu::backends::soft
