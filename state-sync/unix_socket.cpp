#include "state-sync/unix_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace issu::state_sync {
namespace {

/// An address through the folder's descriptor, so that it is short however deep the folder is.
struct ShortAddress {
  Fd folder;
  sockaddr_un address{};
};

Result<ShortAddress> address_of(const std::filesystem::path& path) {
  ShortAddress made;
  made.folder = Fd(::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!made.folder) {
    return fail_errno("opening the folder of " + path.string());
  }
  const std::string text =
      "/proc/self/fd/" + std::to_string(made.folder.get()) + "/" + path.filename().string();
  if (text.size() >= sizeof made.address.sun_path) {
    return fail("the name of the socket " + path.string() + " is too long");
  }
  made.address.sun_family = AF_UNIX;
  std::memcpy(made.address.sun_path, text.c_str(), text.size() + 1);
  return made;
}

const sockaddr* generic(const sockaddr_un& address) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

Result<Fd> stream_socket(int flags = 0) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!fd) {
    return fail_errno("opening a unix socket");
  }
  return fd;
}

}  // namespace

Result<Fd> listen_unix(const std::filesystem::path& path) {
  auto place = address_of(path);
  if (!place) {
    return fail(std::move(place).error());
  }
  auto fd = stream_socket();
  if (!fd) {
    return fd;
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return fail_errno("replacing " + path.string());
  }
  // The mode of the socket's inode becomes that of the file: nobody else gets in between.
  if (::fchmod(fd->get(), 0600) != 0 ||
      ::bind(fd->get(), generic(place->address), sizeof place->address) != 0 ||
      ::listen(fd->get(), 16) != 0) {
    return fail_errno("listening on " + path.string());
  }
  return fd;
}

Result<Fd> connect_unix(const std::filesystem::path& path, int flags) {
  auto place = address_of(path);
  if (!place) {
    return fail(std::move(place).error());
  }
  auto fd = stream_socket(flags);
  if (!fd) {
    return fd;
  }
  if (::connect(fd->get(), generic(place->address), sizeof place->address) != 0) {
    return fail_errno("connecting to " + path.string());
  }
  return fd;
}

Result<void> send_all(const Fd& fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return fail_errno("writing to a socket");
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace issu::state_sync
