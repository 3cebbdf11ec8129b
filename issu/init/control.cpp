#include "issu/init/control.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace issu::init {
namespace {

const char* name_of(Stage stage) {
  return stage == Stage::held ? "held" : stage == Stage::starting ? "starting" : "active";
}

void answer(Fd& client, const std::string& text) {
  if (::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    // Whoever asked is gone: nobody to tell.
  }
  client.reset();
}

}  // namespace

Result<Control> Control::listen(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.string().size() >= sizeof address.sun_path) {
    return fail(path.string() + " is too long for a socket");
  }
  std::memcpy(address.sun_path, path.c_str(), path.string().size() + 1);
  ::unlink(path.c_str());
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), 0600) != 0 || ::listen(fd.get(), 16) != 0) {
    return fail_errno("listening on " + path.string());
  }
  return Control(std::move(fd));
}

std::vector<int> Control::watched() const {
  std::vector<int> fds{listener_.get()};
  for (const Client& client : clients_) {
    fds.push_back(client.fd.get());
  }
  return fds;
}

bool Control::obey(Client& client, Supervisor& supervisor) {
  const std::string command = client.received.substr(0, client.received.find('\n'));
  if (command == "start") {
    supervisor.start();
    client.waits_for_start = true;
  } else if (command == "kill") {
    supervisor.kill_all();
    for (Client& other : clients_) {
      if (other.waits_for_start) {
        answer(other.fd, "error the daemons were killed\n");
      }
    }
    answer(client.fd, "ok\n");
  } else if (command == "status") {
    answer(client.fd, std::string(name_of(supervisor.stage())) + "\n" + supervisor.report());
  } else if (command == "quit") {
    supervisor.kill_all();
    answer(client.fd, "ok\n");
    return false;
  } else {
    answer(client.fd, "error no such command\n");
  }
  return true;
}

bool Control::serve(Supervisor& supervisor) {
  while (true) {
    Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      break;
    }
    clients_.push_back(Client{.fd = std::move(fd)});
  }
  bool go_on = true;
  for (std::size_t index = 0; index < clients_.size(); ++index) {
    Client& client = clients_[index];
    char buffer[256];
    const ssize_t count = client.fd ? ::recv(client.fd.get(), buffer, sizeof buffer, 0) : -1;
    if (count > 0) {
      client.received.append(buffer, static_cast<std::size_t>(count));
    } else if (count == 0 || (client.fd && errno != EAGAIN && errno != EINTR)) {
      client.fd.reset();
    }
    const bool whole = client.received.find('\n') != std::string::npos;
    if (client.fd && whole && !client.waits_for_start) {
      go_on = obey(client, supervisor) && go_on;
    } else if (client.received.size() > 1024) {
      client.fd.reset();
    }
  }
  std::erase_if(clients_, [](const Client& client) { return !client.fd; });
  return go_on;
}

void Control::answer_starts(const Supervisor& supervisor) {
  const bool ready = supervisor.stage() == Stage::active;
  if (!ready && supervisor.trouble().empty()) {
    return;
  }
  const std::string text = ready ? "ok " + std::to_string(supervisor.start_ms()) + "\n"
                                 : "error " + supervisor.trouble() + "\n";
  for (Client& client : clients_) {
    if (client.waits_for_start) {
      answer(client.fd, text);
    }
  }
  std::erase_if(clients_, [](const Client& client) { return !client.fd; });
}

}  // namespace issu::init
