#include "state-sync/kernel_state.hpp"

#include <linux/netlink.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <vector>

#include "issu/base/fd.hpp"
#include "issu/base/netns.hpp"

namespace issu::state_sync {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20U;
/// Asked for in one go; the kernel's answer is read before the next.
constexpr std::size_t batch = 200;

using Message = std::vector<char>;

const nlmsghdr* header_of(std::string_view bytes) {
  return reinterpret_cast<const nlmsghdr*>(bytes.data());
}

/// Visits each whole message; false when the bytes are not made of such.
bool each_message(std::string_view bytes, const std::function<bool(std::string_view)>& visit) {
  while (!bytes.empty()) {
    nlmsghdr header{};
    if (bytes.size() < sizeof header) {
      return false;
    }
    std::memcpy(&header, bytes.data(), sizeof header);
    const std::size_t room = NLMSG_ALIGN(header.nlmsg_len);
    if (header.nlmsg_len < sizeof header || room > bytes.size() ||
        !visit(bytes.substr(0, header.nlmsg_len))) {
      return false;
    }
    bytes.remove_prefix(room);
  }
  return true;
}

/// Of attributes behind the fixed part of a message: those that `keep` wants; false when they are
/// no attributes.
bool copy_attributes(std::string_view from, Message& to, const std::function<bool(int)>& keep) {
  while (from.size() >= sizeof(rtattr)) {
    rtattr attribute{};
    std::memcpy(&attribute, from.data(), sizeof attribute);
    if (attribute.rta_len < sizeof attribute || attribute.rta_len > from.size()) {
      return false;
    }
    if (keep(attribute.rta_type & NLA_TYPE_MASK)) {
      to.insert(to.end(), from.begin(), from.begin() + attribute.rta_len);
      to.resize(NLMSG_ALIGN(to.size()));
    }
    from.remove_prefix(std::min<std::size_t>(from.size(), RTA_ALIGN(attribute.rta_len)));
  }
  return from.empty();
}

bool has_attribute(std::string_view attributes, int wanted) {
  bool found = false;
  Message ignored;
  return copy_attributes(attributes, ignored,
                         [&](int type) {
                           found = found || type == wanted;
                           return false;
                         }) &&
         found;
}

template <typename Fixed>
bool split(std::string_view message, Fixed& fixed, std::string_view& attributes) {
  constexpr std::size_t front = NLMSG_ALIGN(sizeof(nlmsghdr)) + NLMSG_ALIGN(sizeof(Fixed));
  if (message.size() < front) {
    return false;
  }
  std::memcpy(&fixed, message.data() + NLMSG_ALIGN(sizeof(nlmsghdr)), sizeof fixed);
  attributes = message.substr(front);
  return true;
}

template <typename Fixed>
Message begin_request(const Fixed& fixed) {
  Message request(NLMSG_ALIGN(sizeof(nlmsghdr)) + NLMSG_ALIGN(sizeof fixed));
  std::memcpy(request.data() + NLMSG_ALIGN(sizeof(nlmsghdr)), &fixed, sizeof fixed);
  return request;
}

void end_request(Message& request, std::uint16_t type, std::string& all) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(request.size());
  header.nlmsg_type = type;
  header.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE;
  std::memcpy(request.data(), &header, sizeof header);
  all.append(request.data(), request.size());
}

/// A next-hop object as it is asked for: what the kernel adds of its own is left out.
bool nexthop_request(std::string_view message, std::string& singles, std::string& groups) {
  nhmsg fixed{};
  std::string_view attributes;
  if (header_of(message)->nlmsg_type != RTM_NEWNEXTHOP || !split(message, fixed, attributes)) {
    return false;
  }
  fixed.nh_scope = 0;
  fixed.resvd = 0;
  fixed.nh_flags &= RTNH_F_ONLINK;
  Message request = begin_request(fixed);
  if (!copy_attributes(attributes, request, [](int type) {
        return (type >= NHA_ID && type <= NHA_ENCAP) || type == NHA_RES_GROUP;
      })) {
    return false;
  }
  end_request(request, RTM_NEWNEXTHOP, has_attribute(attributes, NHA_GROUP) ? groups : singles);
  return true;
}

/// A route as it is asked for: one with a next-hop object has nothing beside it that says the same.
bool route_request(std::string_view message, std::string& all) {
  rtmsg fixed{};
  std::string_view attributes;
  if (header_of(message)->nlmsg_type != RTM_NEWROUTE || !split(message, fixed, attributes)) {
    return false;
  }
  const bool by_object = has_attribute(attributes, RTA_NH_ID);
  fixed.rtm_flags &= RTNH_F_ONLINK;
  Message request = begin_request(fixed);
  if (!copy_attributes(attributes, request, [&](int type) {
        switch (type) {
          case RTA_CACHEINFO:
            return false;
          case RTA_OIF:
          case RTA_GATEWAY:
          case RTA_VIA:
          case RTA_MULTIPATH:
          case RTA_FLOW:
          case RTA_ENCAP:
          case RTA_ENCAP_TYPE:
            return !by_object;
          default:
            return true;
        }
      })) {
    return false;
  }
  end_request(request, RTM_NEWROUTE, all);
  return true;
}

bool is_daemons_route(std::string_view message) {
  rtmsg fixed{};
  std::string_view attributes;
  return split(message, fixed, attributes) && fixed.rtm_protocol > RTPROT_BOOT &&
         (fixed.rtm_flags & RTM_F_CLONED) == 0 && fixed.rtm_table != RT_TABLE_LOCAL;
}

/// A netlink socket of the calling thread's network namespace.
class Rtnetlink {
 public:
  Result<void> open() {
    fd_ = Fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!fd_) {
      return fail_errno("opening a netlink socket");
    }
    const int size = 8 << 20U;
    // More where the machine allows it; what it has is enough, only slower.
    (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    return {};
  }

  template <typename Fixed>
  Result<void> dump(std::uint16_t type, const Fixed& fixed,
                    const std::function<void(std::string_view)>& take) {
    Message request = begin_request(fixed);
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(request.size());
    header.nlmsg_type = type;
    header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    header.nlmsg_seq = ++sequence_;
    std::memcpy(request.data(), &header, sizeof header);
    ISSU_TRY(send({request.data(), request.size()}), "");
    return receive([&](std::string_view message) {
      if ((header_of(message)->nlmsg_flags & NLM_F_DUMP_INTR) != 0) {
        interrupted_ = true;
      }
      take(message);
    });
  }

  /// Sends requests; the last of them is to be acknowledged. Their errors come by themselves.
  Result<void> ask(std::string& requests, std::size_t last_at) {
    nlmsghdr header{};
    std::memcpy(&header, requests.data() + last_at, sizeof header);
    header.nlmsg_flags |= NLM_F_ACK;
    header.nlmsg_seq = ++sequence_;
    std::memcpy(requests.data() + last_at, &header, sizeof header);
    ISSU_TRY(send(requests), "");
    return receive({});
  }

  [[nodiscard]] bool interrupted() const { return interrupted_; }

 private:
  Result<void> send(std::string_view bytes) {
    while (::send(fd_.get(), bytes.data(), bytes.size(), 0) < 0) {
      if (errno != EINTR) {
        return fail_errno("asking the kernel");
      }
    }
    return {};
  }

  /// Until the end of the answer to the request with our number. The first error of any is kept.
  Result<void> receive(const std::function<void(std::string_view)>& take) {
    int error_number = 0;
    for (;;) {
      const ssize_t got = ::recv(fd_.get(), buffer_.data(), buffer_.size(), 0);
      if (got < 0 && errno != EINTR) {
        return fail_errno("reading the kernel's answer");
      }
      bool ended = false;
      const std::string_view bytes(buffer_.data(),
                                   static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
      each_message(bytes, [&](std::string_view message) {
        const nlmsghdr* header = header_of(message);
        if (header->nlmsg_type == NLMSG_ERROR && message.size() >= NLMSG_LENGTH(sizeof(int))) {
          int code = 0;
          std::memcpy(&code, message.data() + NLMSG_HDRLEN, sizeof code);
          error_number = error_number == 0 ? -code : error_number;
        }
        if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE) {
          ended = ended || header->nlmsg_seq == sequence_;
        } else if (take && header->nlmsg_seq == sequence_) {
          take(message);
        }
        return true;
      });
      if (ended) {
        return error_number == 0 ? Result<void>{}
                                 : fail(Error::from_errno("the kernel refuses", error_number));
      }
    }
  }

  Fd fd_;
  std::vector<char> buffer_ = std::vector<char>(buffer_bytes);
  std::uint32_t sequence_ = 0;
  bool interrupted_ = false;
};

void append(std::string& all, std::string_view message) {
  all.append(message);
  all.resize(NLMSG_ALIGN(all.size()));
}

Result<KernelState> read_here() {
  Rtnetlink kernel;
  ISSU_TRY(kernel.open(), "");
  KernelState state;
  ISSU_TRY(kernel.dump(RTM_GETNEXTHOP, nhmsg{},
                       [&](std::string_view message) { append(state.nexthops, message); }),
           "reading the kernel's next hops");
  for (const unsigned char family : std::array<unsigned char, 2>{AF_INET, AF_INET6}) {
    rtmsg which{};
    which.rtm_family = family;
    ISSU_TRY(kernel.dump(RTM_GETROUTE, which,
                         [&](std::string_view message) {
                           if (is_daemons_route(message)) {
                             append(state.routes, message);
                           }
                         }),
             "reading the kernel's routes");
  }
  if (kernel.interrupted()) {
    return fail("the kernel's routes changed while they were read", "try again");
  }
  return state;
}

Result<std::uint64_t> write_all(Rtnetlink& kernel, std::string_view requests) {
  std::uint64_t count = 0;
  std::string pending;
  std::size_t last = 0;
  Result<void> asked;
  const auto flush = [&] {
    if (!pending.empty()) {
      asked = kernel.ask(pending, last);
      pending.clear();
    }
    return asked.has_value();
  };
  each_message(requests, [&](std::string_view message) {
    last = pending.size();
    pending.append(message);
    return ++count % batch != 0 || flush();
  });
  if (!asked || !flush()) {
    return fail(std::move(asked).error());
  }
  return count;
}

Result<KernelWritten> write_here(const KernelState& requests) {
  Rtnetlink kernel;
  ISSU_TRY(kernel.open(), "");
  KernelWritten written;
  auto nexthops = write_all(kernel, requests.nexthops);
  if (!nexthops) {
    return pass(std::move(nexthops).error(), "putting next hops back");
  }
  auto routes = write_all(kernel, requests.routes);
  if (!routes) {
    return pass(std::move(routes).error(), "putting routes back");
  }
  return KernelWritten{*nexthops, *routes};
}

}  // namespace

Result<KernelState> read_kernel_state(const std::filesystem::path& netns) {
  Result<KernelState> state;
  ISSU_TRY(NetNs::inside(netns,
                         [&]() -> Result<void> {
                           state = read_here();
                           return {};
                         }),
           "reading the kernel of " + netns.string());
  return state;
}

Result<KernelState> as_requests(const KernelState& state) {
  std::string singles;
  std::string groups;
  KernelState requests;
  const bool good =
      each_message(state.nexthops,
                   [&](std::string_view each) { return nexthop_request(each, singles, groups); }) &&
      each_message(state.routes,
                   [&](std::string_view each) { return route_request(each, requests.routes); });
  if (!good) {
    return fail("they are no next hops and routes of a kernel", "take another archive",
                ErrorKind::refused);
  }
  requests.nexthops = singles + groups;
  return requests;
}

Result<KernelWritten> write_kernel_state(const std::filesystem::path& netns,
                                         const KernelState& state) {
  const auto requests = as_requests(state);
  if (!requests) {
    return fail(requests.error());
  }
  Result<KernelWritten> written;
  ISSU_TRY(NetNs::inside(netns,
                         [&]() -> Result<void> {
                           written = write_here(*requests);
                           return {};
                         }),
           "writing into the kernel of " + netns.string());
  return written;
}

}  // namespace issu::state_sync
