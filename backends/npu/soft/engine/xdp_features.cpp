#include "backends/npu/soft/engine/xdp_features.hpp"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <string>

namespace issu::backends::soft {
namespace {

// linux/netdev.h, which Debian 12's headers don't have yet.
constexpr std::uint8_t command_dev_get = 1;
constexpr std::uint16_t attribute_ifindex = 1;
constexpr std::uint16_t attribute_features = 3;
constexpr std::uint64_t feature_transmit = 4;

struct Question {
  nlmsghdr netlink{};
  genlmsghdr generic{};
  nlattr attribute{};
  std::array<char, 16> value{};
};

Question question(std::uint16_t family, std::uint8_t command, std::uint16_t attribute,
                  std::span<const char> value) {
  Question made;
  made.attribute.nla_type = attribute;
  made.attribute.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + value.size());
  std::memcpy(made.value.data(), value.data(), value.size());
  made.generic.cmd = command;
  made.generic.version = 1;
  made.netlink.nlmsg_type = family;
  made.netlink.nlmsg_flags = NLM_F_REQUEST;
  made.netlink.nlmsg_len =
      static_cast<std::uint32_t>(NLMSG_HDRLEN + GENL_HDRLEN + NLA_ALIGN(made.attribute.nla_len));
  return made;
}

/// The value of an attribute of the answer; empty: it is not there.
Result<std::string> ask(int fd, const Question& question, std::uint16_t wanted) {
  if (::send(fd, &question, question.netlink.nlmsg_len, 0) < 0) {
    return fail_errno("asking generic netlink");
  }
  alignas(nlmsghdr) std::array<char, 8192> answer{};
  const ssize_t got = ::recv(fd, answer.data(), answer.size(), 0);
  nlmsghdr header{};
  if (got < static_cast<ssize_t>(sizeof header)) {
    return fail_errno("reading generic netlink");
  }
  std::memcpy(&header, answer.data(), sizeof header);
  if (header.nlmsg_type == NLMSG_ERROR) {
    int error = 0;
    std::memcpy(&error, answer.data() + NLMSG_HDRLEN, sizeof error);
    errno = -error;
    return fail_errno("generic netlink");
  }
  const std::size_t end = std::min<std::size_t>(static_cast<std::size_t>(got), header.nlmsg_len);
  for (std::size_t at = NLMSG_HDRLEN + GENL_HDRLEN; at + NLA_HDRLEN <= end;) {
    nlattr attribute{};
    std::memcpy(&attribute, answer.data() + at, sizeof attribute);
    if (attribute.nla_len < NLA_HDRLEN || at + attribute.nla_len > end) {
      break;
    }
    if ((attribute.nla_type & NLA_TYPE_MASK) == wanted) {
      return std::string(answer.data() + at + NLA_HDRLEN, attribute.nla_len - NLA_HDRLEN);
    }
    at += NLA_ALIGN(attribute.nla_len);
  }
  return std::string();
}

}  // namespace

Result<XdpFeatures> XdpFeatures::open() {
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC));
  if (!fd) {
    return fail_errno("opening generic netlink");
  }
  constexpr char name[] = "netdev";
  const auto family =
      ask(fd.get(), question(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, name),
          CTRL_ATTR_FAMILY_ID);
  std::uint16_t id = 0;
  if (!family || family->size() < sizeof id) {
    return fail("this kernel can't be asked which interfaces take XDP frames");
  }
  std::memcpy(&id, family->data(), sizeof id);
  return XdpFeatures(std::move(fd), id);
}

Result<bool> XdpFeatures::takes_frames(unsigned ifindex) const {
  char value[sizeof ifindex];
  std::memcpy(value, &ifindex, sizeof ifindex);
  const auto features =
      ask(socket_.get(), question(family_, command_dev_get, attribute_ifindex, value),
          attribute_features);
  if (!features) {
    return pass(features.error(), "interface " + std::to_string(ifindex));
  }
  std::uint64_t bits = 0;
  std::memcpy(&bits, features->data(), std::min(sizeof bits, features->size()));
  return (bits & feature_transmit) != 0;
}

}  // namespace issu::backends::soft
