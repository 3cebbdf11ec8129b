#include "checkpoint/conditioner/memberships.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <sstream>

#include "issu/base/file.hpp"

namespace issu::checkpoint::conditioner {
namespace {

constexpr std::size_t most_sources = 1024;

int level_of(std::uint8_t family) {
  return family == 4 ? IPPROTO_IP : IPPROTO_IPV6;
}

sockaddr_storage to_sockaddr(std::uint8_t family, const Address& address) {
  sockaddr_storage storage{};
  if (family == 4) {
    sockaddr_in ipv4{};
    ipv4.sin_family = AF_INET;
    std::memcpy(&ipv4.sin_addr, address.data(), 4);
    std::memcpy(&storage, &ipv4, sizeof ipv4);
  } else {
    sockaddr_in6 ipv6{};
    ipv6.sin6_family = AF_INET6;
    std::memcpy(&ipv6.sin6_addr, address.data(), 16);
    std::memcpy(&storage, &ipv6, sizeof ipv6);
  }
  return storage;
}

Address from_sockaddr(std::uint8_t family, const sockaddr_storage& storage) {
  Address address{};
  if (family == 4) {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, &storage, sizeof ipv4);
    std::memcpy(address.data(), &ipv4.sin_addr, 4);
  } else {
    sockaddr_in6 ipv6{};
    std::memcpy(&ipv6, &storage, sizeof ipv6);
    std::memcpy(address.data(), &ipv6.sin6_addr, 16);
  }
  return address;
}

/// struct group_filter with room for `sources` of them.
class Filter {
 public:
  explicit Filter(std::size_t sources)
      : bytes_(offsetof(group_filter, gf_slist) + sources * sizeof(sockaddr_storage)) {}
  [[nodiscard]] group_filter* get() {
    return static_cast<group_filter*>(static_cast<void*>(bytes_.data()));
  }
  [[nodiscard]] sockaddr_storage& source(std::size_t index) { return get()->gf_slist[index]; }
  [[nodiscard]] socklen_t size() const { return static_cast<socklen_t>(bytes_.size()); }

 private:
  std::vector<std::byte> bytes_;
};

std::optional<Membership> ask(int fd, const Group& group) {
  Filter filter(most_sources);
  filter.get()->gf_interface = group.ifindex;
  filter.get()->gf_group = to_sockaddr(group.family, group.address);
  filter.get()->gf_numsrc = most_sources;
  socklen_t size = filter.size();
  if (::getsockopt(fd, level_of(group.family), MCAST_MSFILTER, filter.get(), &size) != 0) {
    return std::nullopt;  // EADDRNOTAVAIL: not a member
  }
  Membership membership{
      group.family, group.ifindex, group.address, filter.get()->gf_fmode == MCAST_INCLUDE, {}};
  const std::size_t count = std::min<std::size_t>(filter.get()->gf_numsrc, most_sources);
  for (std::size_t index = 0; index < count; ++index) {
    membership.sources.push_back(from_sockaddr(group.family, filter.source(index)));
  }
  std::sort(membership.sources.begin(), membership.sources.end());
  return membership;
}

/// A socket that joined by an interface's address leaves by it: it has to find it again.
in_addr address_of_interface(int fd, std::uint32_t ifindex) {
  ifreq request{};
  request.ifr_ifindex = static_cast<int>(ifindex);
  if (::ioctl(fd, SIOCGIFNAME, &request) != 0 || ::ioctl(fd, SIOCGIFADDR, &request) != 0) {
    return {};
  }
  sockaddr_in address{};
  std::memcpy(&address, &request.ifr_addr, sizeof address);
  return address.sin_addr;
}

bool join(int fd, const Membership& membership) {
  if (membership.family == 4) {
    ip_mreqn request{};
    std::memcpy(&request.imr_multiaddr, membership.group.data(), 4);
    request.imr_address = address_of_interface(fd, membership.ifindex);
    request.imr_ifindex = static_cast<int>(membership.ifindex);
    return ::setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request) == 0;
  }
  ipv6_mreq request{};
  std::memcpy(&request.ipv6mr_multiaddr, membership.group.data(), 16);
  request.ipv6mr_interface = membership.ifindex;
  return ::setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request) == 0;
}

bool set_sources(int fd, const Membership& membership) {
  Filter filter(membership.sources.size());
  filter.get()->gf_interface = membership.ifindex;
  filter.get()->gf_group = to_sockaddr(membership.family, membership.group);
  filter.get()->gf_fmode = membership.include ? MCAST_INCLUDE : MCAST_EXCLUDE;
  filter.get()->gf_numsrc = static_cast<std::uint32_t>(membership.sources.size());
  for (std::size_t index = 0; index < membership.sources.size(); ++index) {
    filter.source(index) = to_sockaddr(membership.family, membership.sources[index]);
  }
  return ::setsockopt(fd, level_of(membership.family), MCAST_MSFILTER, filter.get(),
                      filter.size()) == 0;
}

int hex_digit(char letter) {
  const int number = letter >= 'a'   ? letter - 'a' + 10
                     : letter >= 'A' ? letter - 'A' + 10
                                     : letter - '0';
  return number >= 0 && number < 16 ? number : -1;
}

bool parse_hex(std::string_view text, std::span<std::uint8_t> bytes) {
  if (text.size() != 2 * bytes.size()) {
    return false;
  }
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    const int high = hex_digit(text[2 * index]);
    const int low = hex_digit(text[2 * index + 1]);
    if (high < 0 || low < 0) {
      return false;
    }
    bytes[index] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

}  // namespace

std::vector<Group> parse_igmp(std::string_view text) {
  // 2	eth0      :     1      V3
  //				E0000001     1 0:00000000		0
  std::vector<Group> groups;
  std::uint32_t ifindex = 0;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (!line.starts_with('\t')) {
      ifindex = 0;
      std::from_chars(first.data(), first.data() + first.size(), ifindex);
      continue;
    }
    Group group{4, ifindex, {}};
    std::uint32_t native = 0;  // the address as the kernel's own byte order prints it
    const auto read = std::from_chars(first.data(), first.data() + first.size(), native, 16);
    if (ifindex != 0 && first.size() == 8 && read.ec == std::errc()) {
      std::memcpy(group.address.data(), &native, sizeof native);
      groups.push_back(group);
    }
  }
  return groups;
}

std::vector<Group> parse_igmp6(std::string_view text) {
  // 1    lo              ff020000000000000000000000000001     1 0000000C 0
  std::vector<Group> groups;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    Group group{6, 0, {}};
    std::string device;
    std::string address;
    if (words >> group.ifindex >> device >> address && parse_hex(address, group.address)) {
      groups.push_back(group);
    }
  }
  return groups;
}

Result<std::vector<Group>> groups_of(const std::filesystem::path& proc_net) {
  auto igmp = read_file(proc_net / "igmp");
  if (!igmp) {
    return pass(std::move(igmp).error(), "listing multicast groups");
  }
  std::vector<Group> groups = parse_igmp(*igmp);
  if (auto igmp6 = read_file(proc_net / "igmp6")) {  // not there without IPv6
    const std::vector<Group> more = parse_igmp6(*igmp6);
    groups.insert(groups.end(), more.begin(), more.end());
  }
  return groups;
}

std::vector<Membership> read_memberships(int fd, const Socket& socket,
                                         const std::vector<Group>& groups) {
  std::vector<Membership> memberships;
  const bool inet = socket.family == AF_INET || socket.family == AF_INET6;
  if (!inet || (socket.type != SOCK_DGRAM && socket.type != SOCK_RAW)) {
    return memberships;
  }
  for (const Group& group : groups) {
    if (group.family == 6 && socket.family != AF_INET6) {
      continue;
    }
    if (auto membership = ask(fd, group)) {
      memberships.push_back(std::move(*membership));
    }
  }
  std::sort(memberships.begin(), memberships.end());
  return memberships;
}

Result<void> write_membership(int fd, const Membership& membership) {
  const auto now = ask(fd, {membership.family, membership.ifindex, membership.group});
  if (now == membership) {
    return {};
  }
  const std::string what = "joining " + address_text(membership.family, membership.group) +
                           " on interface " + std::to_string(membership.ifindex);
  if (!now && !join(fd, membership)) {
    return fail_errno(what);
  }
  const bool plain = !membership.include && membership.sources.empty();
  if ((now || !plain) && !set_sources(fd, membership)) {
    return fail_errno(what + " with its sources");
  }
  return {};
}

}  // namespace issu::checkpoint::conditioner
