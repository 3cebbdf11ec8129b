#include "backends/npu/soft/control_server.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace issu::backends::soft {
namespace {

constexpr std::size_t longest_line = 65536;
constexpr std::size_t most_clients = 64;
constexpr std::size_t most_fds = 253;

ssize_t send_with(int fd, const std::string& text, const std::vector<int>& fds) {
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(most_fds * sizeof(int))] = {};
  if (!fds.empty()) {
    const std::size_t bytes = fds.size() * sizeof(int);
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(bytes);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(bytes);
    std::memcpy(CMSG_DATA(header), fds.data(), bytes);
  }
  return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

}  // namespace

void ControlServer::watch(std::vector<pollfd>& watched) const {
  watched.push_back({listener_.get(), POLLIN, 0});
  for (const Client& client : clients_) {
    const int events = POLLIN | (client.output.empty() ? 0 : POLLOUT);
    watched.push_back({client.fd.get(), static_cast<short>(events), 0});
  }
}

void ControlServer::serve(const std::vector<pollfd>& watched, std::size_t first) {
  std::size_t index = first + 1;
  for (auto client = clients_.begin(); client != clients_.end(); ++index) {
    const short ready = watched[index].revents;
    const bool alive = ready == 0 || ((ready & ~POLLOUT) == 0 ? flush(*client) : hear(*client));
    client = alive ? std::next(client) : clients_.erase(client);
  }
  if (watched[first].revents != 0) {
    Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd && clients_.size() < most_clients) {
      clients_.push_back({std::move(fd), {}, {}, {}, {}, 0, {}});
    }
  }
}

/// Reads what came and answers whole lines; false when the client is done.
bool ControlServer::hear(Client& client) {
  char buffer[65536];
  const ssize_t count = ::recv(client.fd.get(), buffer, sizeof buffer, 0);
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
    return false;
  }
  client.input.append(buffer, count > 0 ? static_cast<std::size_t>(count) : 0);
  std::size_t start = 0;
  for (auto end = client.input.find('\n'); end != std::string::npos;
       end = client.input.find('\n', start)) {
    take_line(client, client.input.substr(start, end - start));
    start = end + 1;
  }
  client.input.erase(0, start);
  return client.input.size() <= longest_line && flush(client);
}

bool ControlServer::flush(Client& client) {
  while (!client.output.empty()) {
    const ssize_t count = send_with(client.fd.get(), client.output, client.fds);
    if (count < 0) {
      return errno == EAGAIN || errno == EINTR;
    }
    client.fds.clear();
    client.output.erase(0, static_cast<std::size_t>(count));
  }
  return true;
}

void ControlServer::take_line(Client& client, const std::string& line) {
  if (client.open) {
    take_prefix(client, line);
    return;
  }
  auto request = read_request_line(line, client.missing);
  if (!request) {
    client.output += answer_line(fail(std::move(request).error()));
    return;
  }
  client.open = std::move(*request);
  client.fault.reset();
  if (client.missing == 0) {
    answer(client);
  }
}

void ControlServer::take_prefix(Client& client, const std::string& line) {
  if (auto prefix = state_sync::Prefix::parse(line)) {
    client.open->prefixes.push_back(*prefix);
  } else if (!client.fault) {
    client.fault = std::move(prefix).error();
  }
  if (--client.missing == 0) {
    answer(client);
  }
}

void ControlServer::answer(Client& client) {
  const Request request = std::move(*client.open);
  client.open.reset();
  if (client.fault) {
    client.output += answer_line(fail(*client.fault));
    return;
  }
  Reply reply = handler_(request);
  client.output += answer_line(reply.answer);
  client.fds = std::move(reply.fds);
}

}  // namespace issu::backends::soft
