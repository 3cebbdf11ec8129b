#include "tests/measure/detour.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstring>
#include <deque>
#include <vector>

#include "issu/base/netns.hpp"

namespace issu::test {

Detour::Detour(DaemonLab& lab, const std::string& in, const std::string& interface,
               std::chrono::milliseconds hold)
    : hold_(hold) {
  auto opened = NetNs::inside(NetNs::path_of(lab.netns(in)), [&]() -> Result<void> {
    tun_ = Fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
    ifreq request{};
    interface.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (!tun_ || ::ioctl(tun_.get(), TUNSETIFF, &request) != 0) {
      return fail_errno("making the tun interface " + interface);
    }
    return {};
  });
  REQUIRE_MESSAGE(opened, opened.error().message());
  lab.ip(in, "link set dev " + interface + " txqueuelen 10000 up");
  thread_ = std::thread([this] { run(); });
}

Detour::~Detour() {
  stop_.store(true);
  thread_.join();
}

void Detour::run() {
  struct Held {
    MonoNs due;
    std::vector<char> packet;
  };
  std::deque<Held> held;
  char packet[2048];
  while (!stop_.load()) {
    pollfd ready{tun_.get(), POLLIN, 0};
    ::poll(&ready, 1, 1);
    for (ssize_t size = 0; (size = ::read(tun_.get(), packet, sizeof packet)) > 0;) {
      held.push_back(
          {mono_now() + std::chrono::nanoseconds(hold_).count(), {packet, packet + size}});
    }
    for (; !held.empty() && mono_now() >= held.front().due; held.pop_front()) {
      CHECK(::write(tun_.get(), held.front().packet.data(), held.front().packet.size()) ==
            static_cast<ssize_t>(held.front().packet.size()));
    }
  }
}

}  // namespace issu::test
