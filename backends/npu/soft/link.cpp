#include "backends/npu/soft/link.hpp"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "issu/base/fd.hpp"

namespace issu::backends::soft {
namespace {

struct Request {
  Fd socket;
  ifreq text{};
};

Result<Request> request_for(const std::string& name) {
  Request request;
  request.socket = Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!request.socket) {
    return fail_errno("opening a socket to ask for links");
  }
  if (name.empty() || name.size() >= sizeof request.text.ifr_name) {
    return fail("\"" + name + "\" is no name of a link");
  }
  std::memcpy(request.text.ifr_name, name.c_str(), name.size() + 1);
  return request;
}

Result<void> ask(Request& request, unsigned long what, const std::string& name) {
  if (::ioctl(request.socket.get(), what, &request.text) != 0) {
    return fail_errno("the link " + name);
  }
  return {};
}

Result<void> set_feature(Request& request, std::uint32_t command, bool on) {
  ethtool_value value{command, on ? 1U : 0U};
  void* place = &value;
  std::memcpy(&request.text.ifr_data, &place, sizeof place);
  // A link that can't do a thing has it off already.
  if (::ioctl(request.socket.get(), SIOCETHTOOL, &request.text) != 0 && on) {
    return fail_errno("setting an offload");
  }
  return {};
}

}  // namespace

Result<Link> link_of(const std::string& name) {
  auto request = request_for(name);
  if (!request) {
    return fail(std::move(request).error());
  }
  Link link;
  link.index = ::if_nametoindex(name.c_str());
  ISSU_TRY(ask(*request, SIOCGIFHWADDR, name), "asking for its address");
  std::memcpy(link.mac.data(), request->text.ifr_hwaddr.sa_data, link.mac.size());
  ISSU_TRY(ask(*request, SIOCGIFMTU, name), "asking for its MTU");
  link.mtu = static_cast<unsigned>(request->text.ifr_mtu);
  ISSU_TRY(ask(*request, SIOCGIFFLAGS, name), "asking for its state");
  link.up = (request->text.ifr_flags & IFF_UP) != 0;
  link.carrier = (request->text.ifr_flags & IFF_RUNNING) != 0;
  return link;
}

std::string text_of(const std::array<std::uint8_t, 6>& mac) {
  char text[18];
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
                mac[4], mac[5]);
  return text;
}

Result<void> set_offloads(const std::string& name, const Offloads& offloads) {
  auto request = request_for(name);
  if (!request) {
    return fail(std::move(request).error());
  }
  for (const std::uint32_t command : {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_STXCSUM}) {
    ISSU_TRY(set_feature(*request, command, offloads.transmit), "link " + name);
  }
  return set_feature(*request, ETHTOOL_SGRO, offloads.gather);
}

Result<void> set_link_up(const std::string& name, bool up) {
  auto request = request_for(name);
  if (!request) {
    return fail(std::move(request).error());
  }
  ISSU_TRY(ask(*request, SIOCGIFFLAGS, name), "asking for its state");
  const auto flags = static_cast<unsigned>(request->text.ifr_flags);
  const auto wanted = up ? flags | IFF_UP : flags & ~static_cast<unsigned>(IFF_UP);
  request->text.ifr_flags = static_cast<short>(wanted);
  return ask(*request, SIOCSIFFLAGS, name);
}

}  // namespace issu::backends::soft
