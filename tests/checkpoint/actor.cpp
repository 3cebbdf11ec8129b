// A process with sockets, to be dumped and restored:
//   checkpoint_actor init READY ROLE...   process 1 of a pid namespace: starts the role, reaps
//   checkpoint_actor strange INTERFACE    the sockets of strange_sockets.hpp, nothing else
//   checkpoint_actor echo ADDRESS PORT KEY   a TCP client that sends back what it gets; unless KEY
//   is
//                                            empty, signed with it and only over one hop
//   checkpoint_actor run PROGRAM WORDS...    another program

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

#include "checkpoint/conditioner/md5_keys.hpp"
#include "tests/checkpoint/strange_sockets.hpp"

namespace {

constexpr int ready_fd = 3;

[[noreturn]] void die(const std::string& what) {
  std::perror(what.c_str());
  std::exit(1);
}

/// CRIU looks up the mount of all that a process has open: it is opened in here.
void settle() {
  close_range(ready_fd + 1, ~0U, 0);
  setsid();
}

void say_ready() {
  const int null = open("/dev/null", O_RDWR);
  if (write(ready_fd, "r", 1) != 1) {
    die("saying that it is ready");
  }
  dup2(null, 0);
  dup2(null, 1);
  dup2(null, 2);
  close(ready_fd);
  close(null);
}

int be_init(int argc, char** argv) {
  int ready[2];
  if (argc < 4 || pipe(ready) != 0) {
    return 2;
  }
  if (fork() == 0) {
    if (ready[1] != ready_fd) {
      dup2(ready[1], ready_fd);
    }
    argv[2] = argv[0];
    execv("/proc/self/exe", argv + 2);
    die("starting the role");
  }
  close(ready[1]);
  char word = 0;
  if (read(ready[0], &word, 1) == 1) {
    close(open(argv[2], O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  }
  for (;;) {
    if (waitpid(-1, nullptr, 0) < 0) {
      usleep(1000);  // one that is restored becomes our child, later
    }
  }
}

int be_strange(const std::string& interface) {
  const auto sockets = issu::tests::make_strange_sockets(interface);
  say_ready();
  for (;;) {
    pause();
  }
}

int be_echo(const char* text, const char* port, const std::string& key) {
  const bool six = std::strchr(text, ':') != nullptr;
  const int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
  issu::checkpoint::conditioner::Md5Key md5;
  md5.family = six ? 6 : 4;
  md5.prefix_length = six ? 128 : 32;
  inet_pton(six ? AF_INET6 : AF_INET, text, md5.address.data());
  const auto bytes = std::as_bytes(std::span(key));
  md5.key.assign(bytes.begin(), bytes.end());
  if (!key.empty() && !write_md5_keys(fd, six ? AF_INET6 : AF_INET, std::span(&md5, 1))) {
    die("setting the key");
  }
  const int hops = 255;
  const int least = key.empty() ? 0 : hops;
  const int level = six ? int{IPPROTO_IPV6} : int{IPPROTO_IP};
  if (setsockopt(fd, level, six ? int{IPV6_UNICAST_HOPS} : int{IP_TTL}, &hops, sizeof hops) != 0 ||
      setsockopt(fd, level, six ? 73 : int{IP_MINTTL}, &least, sizeof least) != 0) {
    die("setting the hop limits");
  }
  sockaddr_in ipv4{};
  ipv4.sin_family = AF_INET;
  ipv4.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  std::memcpy(&ipv4.sin_addr, md5.address.data(), 4);
  sockaddr_in6 ipv6{};
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = ipv4.sin_port;
  std::memcpy(&ipv6.sin6_addr, md5.address.data(), 16);
  const void* address = six ? static_cast<const void*>(&ipv6) : &ipv4;
  if (connect(fd, static_cast<const sockaddr*>(address), six ? sizeof ipv6 : sizeof ipv4) != 0) {
    die("connecting");
  }
  say_ready();
  char buffer[65536];
  for (ssize_t count = 0; (count = read(fd, buffer, sizeof buffer)) > 0;) {
    for (ssize_t sent = 0; sent < count;) {
      const ssize_t now = write(fd, buffer + sent, static_cast<std::size_t>(count - sent));
      if (now < 0) {
        return 1;
      }
      sent += now;
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string role = argc > 1 ? argv[1] : "";
  signal(SIGPIPE, SIG_IGN);
  if (role == "init") {
    return be_init(argc, argv);
  }
  settle();
  try {
    if (role == "strange" && argc == 3) {
      return be_strange(argv[2]);
    }
    if (role == "run" && argc > 2) {
      say_ready();
      execvp(argv[2], argv + 2);
      die(argv[2]);
    }
    if (role == "echo" && argc == 5) {
      return be_echo(argv[2], argv[3], argv[4]);
    }
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "%s\n", fault.what());
  }
  return 2;
}
