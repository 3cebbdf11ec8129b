#include "checkpoint/net_state/rtnetlink.hpp"

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace issu::checkpoint::net_state {
namespace {

constexpr timeval answer_limit{10, 0};
constexpr int dump_attempts = 5;
/// Of messages sent at once: their answers fit the socket's buffer.
constexpr std::size_t most_bytes = 64U << 10U;

void append(Bytes& bytes, std::span<const std::byte> more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
  bytes.resize((bytes.size() + 3U) & ~std::size_t{3});
}

void append_message(Bytes& bytes, std::uint16_t type, std::uint16_t flags, std::uint32_t sequence,
                    std::span<const std::byte> payload) {
  nlmsghdr head{};
  head.nlmsg_len = static_cast<std::uint32_t>(sizeof head + payload.size());
  head.nlmsg_type = type;
  head.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  head.nlmsg_seq = sequence;
  append(bytes, std::as_bytes(std::span(&head, 1)));
  append(bytes, payload);
}

template <typename Visit>
void each_message(std::span<const std::byte> bytes, const Visit& visit) {
  while (bytes.size() >= sizeof(nlmsghdr)) {
    nlmsghdr head{};
    std::memcpy(&head, bytes.data(), sizeof head);
    if (head.nlmsg_len < sizeof head || head.nlmsg_len > bytes.size()) {
      return;
    }
    visit(head, bytes.subspan(sizeof head, head.nlmsg_len - sizeof head));
    const std::size_t step = (head.nlmsg_len + 3U) & ~std::size_t{3};
    bytes = bytes.subspan(std::min(step, bytes.size()));
  }
}

/// The extended acknowledgement behind the error: the kernel's words.
std::string words_in(const nlmsghdr& head, std::span<const std::byte> payload) {
  std::size_t at = sizeof(nlmsgerr);
  if ((head.nlmsg_flags & NLM_F_ACK_TLVS) == 0 || payload.size() < at) {
    return {};
  }
  if ((head.nlmsg_flags & NLM_F_CAPPED) == 0) {
    nlmsgerr error{};
    std::memcpy(&error, payload.data(), sizeof error);
    at += ((error.msg.nlmsg_len + 3U) & ~std::size_t{3}) - sizeof(nlmsghdr);
  }
  std::string words;
  while (at + sizeof(rtattr) <= payload.size()) {
    rtattr attribute{};
    std::memcpy(&attribute, payload.data() + at, sizeof attribute);
    if (attribute.rta_len < sizeof attribute || at + attribute.rta_len > payload.size()) {
      break;
    }
    if ((attribute.rta_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG) {
      for (std::size_t n = sizeof attribute; n + 1 < attribute.rta_len; ++n) {
        words += static_cast<char>(payload[at + n]);
      }
    }
    at += (attribute.rta_len + 3U) & ~std::size_t{3};
  }
  return words;
}

Result<void> set_option(const Fd& fd, int level, int option, int value) {
  if (::setsockopt(fd.get(), level, option, &value, sizeof value) != 0) {
    return fail_errno("setting an option of an rtnetlink socket");
  }
  return {};
}

}  // namespace

Result<Rtnetlink> Rtnetlink::open() {
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd) {
    return fail_errno("opening an rtnetlink socket");
  }
  // Strict: without it the kernel answers a question about IPv4 with all families.
  for (const int option : {NETLINK_GET_STRICT_CHK, NETLINK_CAP_ACK, NETLINK_EXT_ACK}) {
    ISSU_TRY(set_option(fd, SOL_NETLINK, option, 1), "");
  }
  for (const int option : {SO_RCVBUFFORCE, SO_SNDBUFFORCE}) {
    (void)set_option(fd, SOL_SOCKET, option, 4 << 20);
  }
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &answer_limit, sizeof answer_limit) != 0) {
    return fail_errno("setting a time limit on rtnetlink");
  }
  return Rtnetlink(std::move(fd));
}

Result<std::span<const std::byte>> Rtnetlink::receive() {
  for (;;) {
    const ssize_t count = ::recv(socket_.get(), buffer_.data(), buffer_.size(), MSG_TRUNC);
    if (count >= 0 && static_cast<std::size_t>(count) <= buffer_.size()) {
      return std::span<const std::byte>(buffer_).first(static_cast<std::size_t>(count));
    }
    if (count >= 0) {
      return fail("an answer of rtnetlink has " + std::to_string(count) + " bytes");
    }
    if (errno != EINTR) {
      return fail_errno("reading an answer of rtnetlink");
    }
  }
}

Result<bool> Rtnetlink::dump_once(std::uint16_t ask, std::uint8_t family,
                                  std::vector<NetObject>& found) {
  // The struct that the question starts with; strict checks want the right one.
  Bytes payload;
  const auto start = [&payload](auto head) { append(payload, std::as_bytes(std::span(&head, 1))); };
  switch (ask) {
    case RTM_GETLINK:
      start(ifinfomsg{});
      break;
    case RTM_GETADDR:
      start(ifaddrmsg{.ifa_family = family});
      break;
    case RTM_GETNEXTHOP:
      start(nhmsg{});
      break;
    case RTM_GETNEIGH:
      start(ndmsg{.ndm_family = family});
      break;
    default:  // rtmsg and fib_rule_hdr are of one size, the family first
      start(rtmsg{.rtm_family = family});
  }
  const std::uint32_t sequence = ++sequence_;
  Bytes request;
  append_message(request, ask, NLM_F_DUMP, sequence, payload);
  if (::send(socket_.get(), request.data(), request.size(), 0) < 0) {
    return fail_errno("asking rtnetlink");
  }
  bool interrupted = false;
  for (bool done = false; !done;) {
    auto answer = receive();
    if (!answer) {
      return fail(std::move(answer).error());
    }
    int error_number = 0;
    each_message(*answer, [&](const nlmsghdr& head, std::span<const std::byte> body) {
      if (head.nlmsg_seq != sequence) {
        return;
      }
      interrupted = interrupted || (head.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
      if (head.nlmsg_type == NLMSG_DONE || head.nlmsg_type == NLMSG_ERROR) {
        done = true;
        std::int32_t code = 0;
        if (body.size() >= sizeof code) {
          std::memcpy(&code, body.data(), sizeof code);
        }
        error_number = -code;
      } else if (auto object = object_of(head.nlmsg_type, body)) {
        found.push_back(std::move(*object));
      }
    });
    if (error_number != 0) {
      return fail(Error::from_errno("asking rtnetlink", error_number));
    }
  }
  return !interrupted;
}

Result<std::vector<NetObject>> Rtnetlink::dump(std::uint16_t ask, std::uint8_t family) {
  for (int attempt = 0; attempt < dump_attempts; ++attempt) {
    std::vector<NetObject> found;
    auto whole = dump_once(ask, family, found);
    if (!whole) {
      return fail(std::move(whole).error());
    }
    if (*whole) {
      return found;
    }
  }
  return fail("the network stack changes faster than it can be read",
              "stop what changes it: nothing may while its state is saved");
}

Result<std::vector<Refusal>> Rtnetlink::change(std::span<const NetObject> objects,
                                               std::uint16_t flags) {
  std::vector<Refusal> refused;
  for (std::size_t next = 0; next < objects.size();) {
    Bytes batch;
    const std::size_t first = next;
    const std::uint32_t base = sequence_ + 1;
    // Only the last one is acknowledged; a refusal is told without being asked for.
    while (next < objects.size() && batch.size() < most_bytes) {
      const bool last = next + 1 == objects.size() || batch.size() + 512 >= most_bytes;
      append_message(batch, objects[next].type,
                     static_cast<std::uint16_t>(flags | (last ? NLM_F_ACK : 0)), ++sequence_,
                     payload_of(objects[next]));
      ++next;
      if (last) {
        break;
      }
    }
    if (::send(socket_.get(), batch.data(), batch.size(), 0) < 0) {
      return fail_errno("changing the network stack");
    }
    for (bool done = false; !done;) {
      auto answer = receive();
      if (!answer) {
        return fail(std::move(answer).error());
      }
      each_message(*answer, [&](const nlmsghdr& head, std::span<const std::byte> body) {
        std::int32_t code = 0;
        if (head.nlmsg_type != NLMSG_ERROR || head.nlmsg_seq < base || body.size() < sizeof code) {
          return;
        }
        std::memcpy(&code, body.data(), sizeof code);
        if (code != 0) {
          refused.push_back({first + (head.nlmsg_seq - base), -code, words_in(head, body)});
        }
        done = done || head.nlmsg_seq == sequence_;
      });
    }
  }
  return refused;
}

Result<void> Rtnetlink::change_one(const NetObject& object, std::uint16_t flags) {
  auto refused = change(std::span(&object, 1), flags);
  if (!refused) {
    return fail(std::move(refused).error());
  }
  if (!refused->empty()) {
    const Refusal& first = refused->front();
    return fail(Error::from_errno(
        "the kernel refuses " + name_of(object) + (first.words.empty() ? "" : ": " + first.words),
        first.error_number));
  }
  return {};
}

}  // namespace issu::checkpoint::net_state
