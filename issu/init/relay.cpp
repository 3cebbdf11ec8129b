#include "issu/init/relay.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "issu/base/clock.hpp"
#include "issu/base/fd.hpp"
#include "issu/init/port.hpp"

namespace issu::init {
namespace {

/// Between two looks whether the host has come; a port that nobody has open is always readable.
constexpr std::chrono::milliseconds look_every{20};

Result<Fd> connect_to(const std::filesystem::path& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.string().size() >= sizeof address.sun_path) {
    return fail(socket.string() + " is too long for a socket");
  }
  std::memcpy(address.sun_path, socket.c_str(), socket.string().size() + 1);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd ||
      ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno("connecting to " + socket.string());
  }
  return fd;
}

/// Copies what there is to read; false when that side has ended.
bool copy_some(int from, int to) {
  std::array<char, 65536> buffer;
  const ssize_t count = ::read(from, buffer.data(), buffer.size());
  if (count > 0) {
    return write_all(to, buffer.data(), static_cast<std::size_t>(count));
  }
  return count < 0 && (errno == EAGAIN || errno == EINTR);
}

void carry(int device, int daemon) {
  for (;;) {
    std::array<pollfd, 2> polled{pollfd{device, POLLIN, 0}, pollfd{daemon, POLLIN, 0}};
    ::poll(polled.data(), polled.size(), -1);
    const bool host_gone = (polled[0].revents & POLLHUP) != 0;
    if (host_gone || ((polled[0].revents & POLLIN) != 0 && !copy_some(device, daemon)) ||
        (polled[1].revents != 0 && !copy_some(daemon, device))) {
      return;
    }
  }
}

}  // namespace

Result<void> relay(const std::filesystem::path& device, const std::filesystem::path& socket) {
  const Fd port(::open(device.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!port) {
    return fail_errno("opening " + device.string());
  }
  bool served = false;  // the connection of this visit of the host is over
  for (;;) {
    if (!host_is_there(port.get())) {
      served = false;
      sleep_for(look_every);
      continue;
    }
    if (served) {
      std::array<char, 4096> thrown_away;
      if (::read(port.get(), thrown_away.data(), thrown_away.size()) <= 0) {
        sleep_for(look_every);
      }
      continue;
    }
    auto daemon = connect_to(socket);
    if (!daemon) {
      sleep_for(look_every);
      continue;
    }
    carry(port.get(), daemon->get());
    served = true;
  }
}

Result<std::string> ask(const std::filesystem::path& socket, const std::string& command) {
  auto connection = connect_to(socket);
  if (!connection) {
    return fail(std::move(connection).error());
  }
  const std::string line = command + "\n";
  if (!write_all(connection->get(), line.data(), line.size())) {
    return fail_errno("asking " + socket.string());
  }
  std::string answer;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t count = ::read(connection->get(), buffer.data(), buffer.size());
    if (count <= 0) {
      return answer;
    }
    answer.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace issu::init
