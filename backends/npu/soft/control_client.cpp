#include "backends/npu/soft/control_client.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "issu/base/clock.hpp"
#include "state-sync/unix_socket.hpp"

namespace issu::backends::soft {
namespace {

/// The kernel's own limit of descriptors in one message.
constexpr std::size_t most_fds = 253;

void take_fds(msghdr& message, std::vector<Fd>* fds) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t n = 0; n < count; ++n) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(part) + n * sizeof(int), sizeof number);
      Fd owned(number);
      if (fds != nullptr) {
        fds->push_back(std::move(owned));
      }
    }
  }
}

Result<std::string> read_line(const Fd& fd, std::vector<Fd>* fds, std::chrono::seconds limit) {
  const Deadline deadline = Deadline::in(limit);
  std::string line;
  std::vector<char> buffer(1U << 16U);
  alignas(cmsghdr) char control[CMSG_SPACE(most_fds * sizeof(int))];
  for (;;) {
    pollfd watched{fd.get(), POLLIN, 0};
    if (::poll(&watched, 1, deadline.left_ms()) == 0) {
      return fail("npud did not answer within " + std::to_string(limit.count()) + " s", "",
                  ErrorKind::timeout);
    }
    iovec part{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t count = ::recvmsg(fd.get(), &message, MSG_CMSG_CLOEXEC);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return fail_errno("hearing npud");
    }
    if (count == 0) {
      return fail("npud ended before it answered", "look at its npud.log");
    }
    take_fds(message, fds);
    line.append(buffer.data(), static_cast<std::size_t>(count));
    if (line.back() == '\n') {
      return line;
    }
  }
}

}  // namespace

ProcessId ControlClient::server() const {
  auto fd = state_sync::connect_unix(socket_);
  ucred who{};
  socklen_t length = sizeof who;
  if (!fd || ::getsockopt(fd->get(), SOL_SOCKET, SO_PEERCRED, &who, &length) != 0) {
    return {};
  }
  // One that was killed still has its sockets until the last of its threads is gone.
  const ProcessId process = identify(who.pid);
  return is_alive(process) ? process : ProcessId{};
}

Result<nlohmann::json> ControlClient::ask(nlohmann::json words,
                                          const std::vector<state_sync::Prefix>& prefixes,
                                          std::vector<Fd>* fds, std::chrono::seconds limit) const {
  auto fd = state_sync::connect_unix(socket_);
  if (!fd) {
    return pass(std::move(fd).error(), "asking npud");
  }
  constexpr std::size_t part = 1U << 16U;
  if (!prefixes.empty()) {
    words["prefixes"] = prefixes.size();
  }
  std::string text = words.dump() + "\n";
  for (const state_sync::Prefix& prefix : prefixes) {
    text += prefix.text() + "\n";
    if (text.size() >= part) {
      ISSU_TRY(state_sync::send_all(*fd, text), "asking npud");
      text.clear();
    }
  }
  ISSU_TRY(state_sync::send_all(*fd, text), "asking npud");
  auto answer = read_line(*fd, fds, limit);
  if (!answer) {
    return fail(std::move(answer).error());
  }
  return read_answer_line(*answer);
}

}  // namespace issu::backends::soft
