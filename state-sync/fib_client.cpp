#include "state-sync/fib_client.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>

#include <cerrno>

#include "issu/base/clock.hpp"
#include "state-sync/unix_socket.hpp"

namespace issu::state_sync {
namespace {

constexpr auto answer_limit = std::chrono::seconds(120);

Result<std::string> read_line(const Fd& fd) {
  const Deadline deadline = Deadline::in(answer_limit);
  std::string line;
  for (;;) {
    pollfd watched{fd.get(), POLLIN, 0};
    if (::poll(&watched, 1, deadline.left_ms()) == 0) {
      return fail("the route tracker did not answer within 2 minutes", "", ErrorKind::timeout);
    }
    char buffer[4096];
    const ssize_t count = ::recv(fd.get(), buffer, sizeof buffer, 0);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return fail_errno("hearing the route tracker");
    }
    if (count == 0) {
      return fail("the route tracker ended before it answered", "look at its fibwatch.log");
    }
    line.append(buffer, static_cast<std::size_t>(count));
    if (line.back() == '\n') {
      return line;
    }
  }
}

}  // namespace

ProcessId FibClient::server() const {
  auto fd = connect_unix(files_.socket());
  ucred who{};
  socklen_t length = sizeof who;
  if (!fd || ::getsockopt(fd->get(), SOL_SOCKET, SO_PEERCRED, &who, &length) != 0) {
    return {};
  }
  return identify(who.pid);
}

bool FibClient::is_served() const {
  const Fd lock(::open(files_.lock().c_str(), O_RDONLY | O_CLOEXEC));
  return lock && ::flock(lock.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

Result<FibState> FibClient::ask(const std::string& line,
                                const std::vector<Prefix>& prefixes) const {
  auto fd = connect_unix(files_.socket());
  if (!fd) {
    return pass(std::move(fd).error(), "asking the route tracker");
  }
  constexpr std::size_t part = 1U << 16U;
  std::string text = line + "\n";
  for (const Prefix& prefix : prefixes) {
    text += prefix.text() + "\n";
    if (text.size() >= part) {
      ISSU_TRY(send_all(*fd, text), "asking the route tracker");
      text.clear();
    }
  }
  ISSU_TRY(send_all(*fd, text), "asking the route tracker");
  auto answer = read_line(*fd);
  if (!answer) {
    return fail(std::move(answer).error());
  }
  return read_answer(*answer);
}

}  // namespace issu::state_sync
