#include "backends/npu/soft/engine/solicit.hpp"

#include <algorithm>
#include <cstring>

#include "backends/npu/soft/engine/data_plane.hpp"

namespace issu::backends::soft {
namespace {

constexpr tables::MacAddress broadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

npu_mac as_mac(const tables::MacAddress& bytes) {
  npu_mac mac{};
  std::memcpy(&mac, bytes.data(), bytes.size());
  return mac;
}

npu_half_words as_ip4(const tables::Address& address) {
  npu_half_words words{};
  std::memcpy(&words, address.bytes.data(), sizeof words);
  return words;
}

void put_ethernet(Solicitation& made, const tables::MacAddress& to, const tables::MacAddress& from,
                  std::uint16_t type) {
  const npu_ethernet header{as_mac(to), as_mac(from), npu_be16(type)};
  std::memcpy(made.bytes.data(), &header, sizeof header);
}

Solicitation arp_request(const Asker& asker, const tables::Address& wanted,
                         const std::optional<tables::MacAddress>& known) {
  Solicitation made;
  put_ethernet(made, known.value_or(broadcast), asker.mac, NPU_TYPE_ARP);
  npu_arp arp{};
  arp.hardware = npu_be16(1);
  arp.protocol = npu_be16(NPU_TYPE_IP4);
  arp.hardware_bytes = 6;
  arp.protocol_bytes = 4;
  arp.operation = npu_be16(1);
  arp.sender = as_mac(asker.mac);
  arp.sender_ip = as_ip4(asker.address);
  arp.target_ip = as_ip4(wanted);
  std::memcpy(made.bytes.data() + NPU_ETHERNET, &arp, sizeof arp);
  made.size = 60;  // the least that ethernet carries
  return made;
}

/// ff02::1:ffXX:XXXX
tables::Address solicited_node(const tables::Address& wanted) {
  tables::Address group{6, {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff}};
  std::copy(wanted.bytes.begin() + 13, wanted.bytes.end(), group.bytes.begin() + 13);
  return group;
}

Solicitation neighbour_solicitation(const Asker& asker, const tables::Address& wanted,
                                    const std::optional<tables::MacAddress>& known) {
  Solicitation made;
  const tables::Address to = known ? wanted : solicited_node(wanted);
  const tables::MacAddress group{0x33, 0x33, 0xff, to.bytes[13], to.bytes[14], to.bytes[15]};
  put_ethernet(made, known.value_or(group), asker.mac, NPU_TYPE_IP6);
  npu_ip6 ip{};
  ip.version_class_flow = npu_be32(6U << 28U);
  ip.payload = npu_be16(sizeof(npu_discovery));
  ip.next = NPU_PROTOCOL_ICMP6;
  ip.hop_limit = 255;
  std::copy(asker.address.bytes.begin(), asker.address.bytes.end(), ip.source);
  std::copy(to.bytes.begin(), to.bytes.end(), ip.destination);
  npu_discovery message{};
  message.type = NPU_SOLICITATION;
  std::copy(wanted.bytes.begin(), wanted.bytes.end(), message.target);
  message.option = 1;
  message.option_words = 1;
  message.mac = as_mac(asker.mac);
  npu_u8 words[sizeof message];
  std::memcpy(words, &message, sizeof message);
  message.checksum = static_cast<npu_u16>(~npu_fold(npu_icmp6_sum(&ip, words, 1)));
  std::memcpy(made.bytes.data() + NPU_ETHERNET, &ip, sizeof ip);
  std::memcpy(made.bytes.data() + NPU_ETHERNET + sizeof ip, &message, sizeof message);
  made.size = NPU_ETHERNET + sizeof ip + sizeof message;
  return made;
}

}  // namespace

Solicitation solicit(const Asker& asker, const tables::Address& wanted,
                     const std::optional<tables::MacAddress>& known) {
  return wanted.family == 4 ? arp_request(asker, wanted, known)
                            : neighbour_solicitation(asker, wanted, known);
}

tables::Address link_local_of(const tables::MacAddress& mac) {
  npu_u64 bits = 0;
  std::memcpy(&bits, mac.data(), mac.size());
  npu_u64 words[2];
  npu_link_local_words(bits, words);
  tables::Address address;
  address.family = 6;
  std::memcpy(address.bytes.data(), words, sizeof words);
  return address;
}

}  // namespace issu::backends::soft
