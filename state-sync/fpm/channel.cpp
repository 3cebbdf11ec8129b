#include "state-sync/fpm/channel.hpp"

#include <sys/socket.h>

#include <cerrno>

#include "state-sync/unix_socket.hpp"

namespace issu::fpm {
namespace {

/// So that the rest of the poll loop gets its turn while a million routes come.
constexpr std::size_t bytes_a_turn = std::size_t{4} << 20U;
constexpr MonoNs dial_each = 100'000'000;

/// A connection that never makes the caller wait; it has asked for everything anew.
Fd dial_socket(const std::filesystem::path& socket) {
  auto fd = state_sync::connect_unix(socket, SOCK_NONBLOCK);
  if (!fd) {
    return {};
  }
  std::vector<std::byte> request;
  append_frame(request, {}, FrameType::anew);
  if (::send(fd->get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    return {};
  }
  return std::move(*fd);
}

}  // namespace

std::vector<int> FpmChannel::fds() const {
  return connection_ ? std::vector<int>{connection_.get()} : std::vector<int>{};
}

void FpmChannel::change(std::filesystem::path socket) {
  if (socket == socket_) {
    return;
  }
  over();
  socket_ = std::move(socket);
  dialled_at_ = 0;
  serve();
}

void FpmChannel::begin_epoch() {
  over();
  dialled_at_ = 0;
}

/// The connection goes with all that is known of it.
void FpmChannel::over() {
  connection_.reset();
  frames_ = FrameReader();
  counters_.ended += begun_ ? 1 : 0;
  begun_ = false;
}

void FpmChannel::hang_up() {
  if (begun_ && frames_.pending() != 0) {
    lost_ = true;
    feed_.count_malformed("the FPM channel ended in the middle of a frame");
  }
  over();
}

void FpmChannel::dial() {
  if (connection_ || mono_now() - dialled_at_ < dial_each) {
    return;
  }
  dialled_at_ = mono_now();
  connection_ = dial_socket(socket_);
  counters_.dialled += connection_ ? 1 : 0;
}

void FpmChannel::begin() {
  begun_ = true;
  feed_.forget_nexthops();
  ++counters_.accepted;
}

bool FpmChannel::take_frames() {
  for (;;) {
    if (!begun_) {
      if (!frames_.skip_behind(begin_frame)) {
        return true;
      }
      begin();
    }
    auto frame = frames_.next_of_channel();
    if (!frame) {
      feed_.count_malformed(frame.error().message());
      lost_ = true;
      return false;
    }
    if (!*frame) {
      break;
    }
    const auto& [type, content] = **frame;
    if (type == FrameType::begin) {
      begin();
    } else if (type == FrameType::end) {
      ++counters_.ended;
      begun_ = false;
    } else if (type == FrameType::netlink) {
      ++counters_.frames;
      lost_ = !feed_.apply(content).sound || lost_;
    }
  }
  const bool again = feed_.wants_resync();
  feed_.resync_done();
  return !again;
}

void FpmChannel::read_some() {
  std::size_t taken = 0;
  while (connection_ && taken < bytes_a_turn) {
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
      over();  // dialled again, which has the daemon say everything again
    }
  }
}

void FpmChannel::serve() {
  dial();
  read_some();
}

}  // namespace issu::fpm
