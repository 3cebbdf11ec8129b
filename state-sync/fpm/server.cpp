#include "state-sync/fpm/server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

namespace issu::fpm {
namespace {

/// So that the rest of the poll loop gets its turn while a million routes come.
constexpr std::size_t bytes_a_turn = std::size_t{4} << 20U;
constexpr int receive_buffer = 8 << 20;

}  // namespace

Result<Fd> listen_for_fpm(std::uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int one = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
      ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), 8) != 0) {
    return fail_errno("listening for FPM on 127.0.0.1 port " + std::to_string(port),
                      "another program may have the port in the route processor's namespace");
  }
  return fd;
}

std::vector<int> FpmServer::fds() const {
  std::vector<int> fds{listener_.get()};
  if (connected()) {
    fds.push_back(connection_.get());
  }
  return fds;
}

void FpmServer::close_connection() {
  connection_.reset();
  frames_ = FrameReader();
  ++counters_.ended;
}

void FpmServer::hang_up() {
  if (frames_.pending() != 0) {
    lost_ = true;
    feed_.count_malformed("the FPM connection ended in the middle of a frame");
  }
  close_connection();
}

void FpmServer::begin_epoch() {
  if (connected()) {
    close_connection();
  }
  // What waits in the listener is of the old side too.
  while (Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK))) {
    ++counters_.turned_away;
  }
}

bool FpmServer::take_frames() {
  for (;;) {
    auto frame = frames_.next();
    if (!frame) {
      feed_.count_malformed(frame.error().message());
      lost_ = true;
      return false;
    }
    if (!*frame) {
      break;
    }
    ++counters_.frames;
    lost_ = !feed_.apply(**frame).sound || lost_;
  }
  const bool again = feed_.wants_resync();
  feed_.resync_done();
  return !again;
}

void FpmServer::read_some() {
  std::size_t taken = 0;
  while (connected() && taken < bytes_a_turn) {
    const auto room = frames_.room();
    const ssize_t count = ::recv(connection_.get(), room.data(), room.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
      return;
    }
    if (count <= 0) {
      hang_up();
      return;
    }
    taken += static_cast<std::size_t>(count);
    counters_.bytes += static_cast<std::uint64_t>(count);
    frames_.filled(static_cast<std::size_t>(count));
    if (!take_frames()) {
      close_connection();  // zebra connects again and says everything
    }
  }
}

void FpmServer::accept_all() {
  for (;;) {
    Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) {
      return;
    }
    if (connected()) {
      ++counters_.turned_away;
      continue;
    }
    connection_ = std::move(fd);
    frames_ = FrameReader();
    feed_.forget_nexthops();
    ++counters_.accepted;
  }
}

void FpmServer::serve() {
  // First what the one that is there has to say, its end too: its successor may wait already.
  read_some();
  accept_all();
  read_some();
}

}  // namespace issu::fpm
