#include "backends/daemons/unix_stream.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace issu::backends {

Result<UnixStream> UnixStream::connect(const std::filesystem::path& path,
                                       const Deadline& deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) {
    return fail("the socket path " + path.string() + " is longer than 107 characters",
                "choose a shorter run_dir");
  }
  std::memcpy(address.sun_path, path.c_str(), path.native().size() + 1);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) {
    return fail_errno("making a unix socket");
  }
  // A full backlog says EAGAIN, and poll can't wait for it to clear.
  while (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    if (errno != EAGAIN && errno != EINTR) {
      return fail_errno("connecting to " + path.string(), "look whether the daemon runs");
    }
    if (deadline.passed()) {
      return fail(path.string() + " takes no connection", "look whether the daemon hangs",
                  ErrorKind::timeout);
    }
    sleep_for(std::chrono::milliseconds(1));
  }
  return UnixStream(std::move(fd), path);
}

Result<void> UnixStream::wait(short events, const Deadline& deadline) {
  for (;;) {
    pollfd watched{fd_.get(), events, 0};
    const int ready = ::poll(&watched, 1, deadline.left_ms());
    if (ready > 0) {
      return {};
    }
    if (ready < 0 && errno != EINTR) {
      return fail_errno("waiting for " + path_.string());
    }
    if (ready == 0 && deadline.passed()) {
      return fail(path_.string() + " did not answer in time", "look whether the daemon hangs",
                  ErrorKind::timeout);
    }
  }
}

Result<void> UnixStream::send(std::string_view bytes, const Deadline& deadline) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      ISSU_TRY(wait(POLLOUT, deadline), "asking a daemon");
    } else if (errno != EINTR) {
      return fail_errno("writing to " + path_.string());
    }
  }
  return {};
}

Result<void> UnixStream::receive(std::string& text, const Deadline& deadline) {
  char buffer[65536];
  for (;;) {
    const ssize_t count = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (count > 0) {
      text.append(buffer, static_cast<std::size_t>(count));
      return {};
    }
    if (count == 0) {
      return fail(path_.string() + " closed the connection", "look whether the daemon still runs");
    }
    if (errno == EAGAIN) {
      ISSU_TRY(wait(POLLIN, deadline), "asking a daemon");
    } else if (errno != EINTR) {
      return fail_errno("reading from " + path_.string());
    }
  }
}

}  // namespace issu::backends
