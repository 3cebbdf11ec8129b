#include "issu/init/readiness.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace issu::init {

bool Readiness::connect_and_ask() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof address.sun_path) {
    return false;
  }
  std::memcpy(address.sun_path, socket_.c_str(), socket_.size() + 1);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd ||
      ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return false;
  }
  const std::size_t length = question_.empty() ? 0 : question_.size() + 1;
  if (length > 0 &&
      ::send(fd.get(), question_.c_str(), length, MSG_NOSIGNAL) != static_cast<ssize_t>(length)) {
    return false;
  }
  connection_ = std::move(fd);
  return true;
}

bool Readiness::poll_once() {
  if (!connection_ && !connect_and_ask()) {
    return false;
  }
  char byte = 0;
  const ssize_t count = ::recv(connection_.get(), &byte, 1, MSG_DONTWAIT);
  if (count == 1) {
    connection_.reset();
    return true;
  }
  if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
    connection_.reset();
  }
  return false;
}

}  // namespace issu::init
