#include "issu/init/port.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace issu::init {

bool host_is_there(int device) {
  pollfd polled{device, POLLIN, 0};
  ::poll(&polled, 1, 0);
  return (polled.revents & POLLHUP) == 0;
}

bool write_all(int fd, const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t written = ::write(fd, bytes, count);
    if (written > 0) {
      bytes += written;
      count -= static_cast<std::size_t>(written);
      continue;
    }
    pollfd polled{fd, POLLOUT, 0};
    if (written < 0 && errno != EAGAIN && errno != EINTR) {
      return false;
    }
    ::poll(&polled, 1, 1000);
    if ((polled.revents & (POLLHUP | POLLERR)) != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace issu::init
