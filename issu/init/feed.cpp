#include "issu/init/feed.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <vector>

#include "issu/base/clock.hpp"
#include "issu/base/fd.hpp"
#include "issu/init/port.hpp"

namespace issu::init {
namespace {

/// Between two looks whether the host has come; a port that nobody has open is always readable.
constexpr std::chrono::milliseconds look_every{20};

// FPM's header, and the frames of a channel (state-sync/fpm/frames.hpp).
constexpr std::size_t header_bytes = 4;
constexpr std::string_view begin_frame{"\x01\xf0\x00\x10issu-fpm-beg", 16};
constexpr std::string_view end_frame{"\x01\xf1\x00\x04", 4};
constexpr char anew_type = '\xf2';

Result<Fd> listen_on(std::uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int one = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), 4) != 0) {
    return fail_errno("listening for FPM on port " + std::to_string(port));
  }
  return fd;
}

/// The whole frames at the front of `bytes`; they may be of any type, zebra's are of one.
std::size_t whole_frames(const std::vector<char>& bytes) {
  std::size_t at = 0;
  while (bytes.size() - at >= header_bytes) {
    const auto high = static_cast<unsigned char>(bytes[at + 2]);
    const auto low = static_cast<unsigned char>(bytes[at + 3]);
    const std::size_t length = std::size_t{high} << 8U | low;
    if (length < header_bytes || bytes.size() - at < length) {
      break;
    }
    at += length;
  }
  return at;
}

/// Whether the host asks for everything anew; what it says otherwise is not known.
bool anew_asked(int device) {
  std::array<char, 256> said{};
  bool asked = false;
  for (;;) {
    const ssize_t count = ::read(device, said.data(), said.size());
    if (count <= 0) {
      return asked;
    }
    for (ssize_t at = 0; at < count; ++at) {
      asked = asked || said[static_cast<std::size_t>(at)] == anew_type;
    }
  }
}

/// One connection of zebra, until either side has enough of it. False: the host has gone, or asks
/// for everything anew.
bool carry(int device, int daemon) {
  if (!write_all(device, begin_frame.data(), begin_frame.size())) {
    return false;
  }
  std::vector<char> held;
  std::array<char, 65536> buffer{};
  for (;;) {
    std::array<pollfd, 2> polled{pollfd{device, POLLIN, 0}, pollfd{daemon, POLLIN, 0}};
    ::poll(polled.data(), polled.size(), -1);
    if ((polled[0].revents & POLLHUP) != 0 ||
        ((polled[0].revents & POLLIN) != 0 && anew_asked(device))) {
      return false;
    }
    if (polled[1].revents == 0) {
      continue;
    }
    const ssize_t count = ::read(daemon, buffer.data(), buffer.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
      continue;
    }
    if (count <= 0) {
      return write_all(device, end_frame.data(), end_frame.size());
    }
    held.insert(held.end(), buffer.data(), buffer.data() + count);
    const std::size_t whole = whole_frames(held);
    if (whole > 0 && !write_all(device, held.data(), whole)) {
      return false;
    }
    held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(whole));
  }
}

}  // namespace

Result<void> feed(const std::filesystem::path& device, std::uint16_t port) {
  const Fd channel(::open(device.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!channel) {
    return fail_errno("opening " + device.string());
  }
  auto listener = listen_on(port);
  if (!listener) {
    return fail(std::move(listener).error());
  }
  for (;;) {
    if (!host_is_there(channel.get())) {
      sleep_for(look_every);
      continue;
    }
    (void)anew_asked(channel.get());  // nobody is connected: whoever comes says everything
    const Fd daemon(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!daemon) {
      std::array<pollfd, 2> polled{pollfd{channel.get(), POLLIN, 0},
                                   pollfd{listener->get(), POLLIN, 0}};
      ::poll(polled.data(), polled.size(), 1000);
      continue;
    }
    (void)carry(channel.get(), daemon.get());
  }
}

}  // namespace issu::init
