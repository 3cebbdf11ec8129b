#include "tests/backends/npu/soft/soft_lab.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>

#include "backends/npu/soft/control_client.hpp"
#include "backends/npu/soft/npud_process.hpp"
#include "issu/base/netns.hpp"
#include "state-sync/fpm/frames.hpp"
#include "state-sync/tables/tables.hpp"
#include "tests/state-sync/fpm/messages.hpp"

namespace issu::backends {
namespace {

using state_sync::Prefix;

constexpr auto patience = std::chrono::seconds(10);
/// Messages of a route are less than 100 bytes; a frame has 64 KiB.
constexpr std::size_t messages_per_frame = 400;

std::string own_name(const char* what) {
  static std::atomic<int> counter{0};
  return std::string("soft") + what + std::to_string(::getpid()) + "-" + std::to_string(counter++);
}

PortSpec port_to(const std::string& peer, int n) {
  PortSpec port;
  port.name = "p" + std::to_string(n);
  const std::string number = std::to_string(n);
  port.addresses = {"192.0." + std::to_string(2 + n) + ".1/24", "2001:db8:0:" + number + "::1/64"};
  port.peer_netns = peer;
  port.peer_name = "q0";
  return port;
}

}  // namespace

SoftLab::SoftLab(const std::string& feed, const std::string& engine) {
  router_.name = "lab";
  router_.state_dir = dir_ / "state";
  router_.run_dir = dir_ / "run";
  router_.netns = own_name("c");
  router_.npu.driver = "soft";
  router_.npu.engine = engine;
  router_.npu.feed = feed;
  router_.npu.routes = 100'000;
  for (int n = 0; n < 2; ++n) {
    peers_.push_back(own_name("p"));
    REQUIRE(NetNs::create(peers_.back()));
    router_.ports.push_back(port_to(peers_.back(), n));
  }
}

SoftLab::~SoftLab() {
  if (auto npu = make_soft_npu(router_, {ISSU_BIN_DIR "/issu-npud"})) {
    if (auto down = (*npu)->down(); !down) {
      MESSAGE(down.error().message());
    }
  }
  for (const std::string& peer : peers_) {
    if (auto removed = NetNs::remove(peer); !removed) {
      MESSAGE(removed.error().message());
    }
  }
}

std::unique_ptr<Npu> SoftLab::make() const {
  return std::move(make_soft_npu(router_, {ISSU_BIN_DIR "/issu-npud"}).value());
}

ProcessId SoftLab::npud() const {
  return soft::ControlClient(files().socket()).server();
}

void SoftLab::kill_npud_and_keeper() const {
  for (const ProcessId& process : {soft::keeper_of(files()), npud()}) {
    REQUIRE(process.pid != 0);
    REQUIRE(send_signal(process, SIGKILL));
    REQUIRE(wait_until([&] { return !is_alive(process); }, Deadline::in(patience)));
  }
}

std::uint64_t SoftLab::messages_taken() const {
  auto shown = soft::ControlClient(files().socket()).ask({{"verb", "show"}});
  return shown ? (*shown)["feed"]["messages"].get<std::uint64_t>() : 0;
}

void SoftLab::wait_taken(std::uint64_t messages) const {
  REQUIRE(wait_until([&] { return messages_taken() >= messages; }, Deadline::in(patience)));
}

void SoftLab::connect_fpm() {
  char byte = 0;
  if (fpm_ && ::recv(fpm_.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0) {
    return;  // nothing to read, so nobody has hung up
  }
  REQUIRE(NetNs::inside(NetNs::path_of(router_.netns), [&]() -> Result<void> {
    ifindex_ = ::if_nametoindex("p0");
    fpm_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(2620);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr generic{};
    std::memcpy(&generic, &to, sizeof generic);
    if (::connect(fpm_.get(), &generic, sizeof generic) != 0) {
      return fail_errno("connecting to the FPM server");
    }
    return {};
  }));
}

void SoftLab::say_bytes(const std::vector<std::byte>& bytes) {
  connect_fpm();
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t part = ::send(fpm_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    REQUIRE(part > 0);
    sent += static_cast<std::size_t>(part);
  }
}

void SoftLab::say_over_fpm(const std::vector<std::byte>& frames, std::uint64_t count) {
  connect_fpm();
  const std::uint64_t before = messages_taken();
  say_bytes(frames);
  wait_taken(before + count);
}

void SoftLab::say_to_kernel(const std::string& lines) const {
  RunOptions options;
  options.input = lines;
  const auto output = run({"ip", "-n", router_.netns, "-force", "-batch", "-"}, options);
  REQUIRE(output);
  INFO(output->err);
  CHECK(output->status == 0);
  // npud reads what the kernel notifies; it has read all when nothing comes any more.
  std::uint64_t before = messages_taken();
  wait_until(
      [&] {
        const std::uint64_t now = messages_taken();
        return std::exchange(before, now) == now;
      },
      Deadline::in(patience), std::chrono::milliseconds(150));
}

void SoftLab::install(const std::vector<Prefix>& routes, int side) {
  const std::string last = std::to_string(2 + side);
  if (router_.npu.feed == "netlink") {
    std::string lines;
    for (const Prefix& prefix : routes) {
      lines += "route replace " + prefix.text() + " via " +
               (prefix.family == 4 ? "192.0.2." : "2001:db8:0:0::") + last +
               " proto 186 metric 20\n";
    }
    say_to_kernel(lines);
    return;
  }
  connect_fpm();
  std::vector<std::byte> frames;
  tests::ByteString messages;
  std::size_t in_frame = 0;
  for (const Prefix& prefix : routes) {
    const std::string gateway = (prefix.family == 4 ? "192.0.2." : "2001:db8::") + last;
    const auto message = tests::new_route(prefix.text(), 0, {{gateway, ifindex_, 1}});
    messages.insert(messages.end(), message.begin(), message.end());
    if (++in_frame == messages_per_frame || &prefix == &routes.back()) {
      fpm::append_frame(frames, messages);
      messages.clear();
      in_frame = 0;
    }
  }
  say_over_fpm(frames, routes.size());
}

void SoftLab::withdraw(const std::vector<Prefix>& routes) {
  if (router_.npu.feed == "netlink") {
    std::string lines;
    for (const Prefix& prefix : routes) {
      lines += "route delete " + prefix.text() + " proto 186 metric 20\n";
    }
    say_to_kernel(lines);
    return;
  }
  std::vector<std::byte> frames;
  for (const Prefix& prefix : routes) {
    fpm::append_frame(frames, tests::del_route(prefix.text()));
  }
  say_over_fpm(frames, routes.size());
}

std::uint64_t SoftLab::count() const {
  auto segment = tables::Segment::open_file(files().tables());
  REQUIRE(segment);
  std::uint64_t count = 0;
  for (std::uint32_t slot = 0; slot < segment->header().capacities.routes; ++slot) {
    const npu_route& route = segment->view().routes[slot];
    count += (route.state & NPU_ROUTE_USED) != 0 && (route.state & NPU_ROUTE_DAEMON) != 0 ? 1U : 0U;
  }
  return count;
}

std::string SoftLab::ip(const std::string& netns, Argv words) {
  words.insert(words.begin(), {"ip", "-n", netns});
  return run_checked(words).value();
}

contract::NpuLab SoftLab::contract_lab() {
  contract::NpuLab lab;
  lab.make = [this] { return make(); };
  lab.install = [this](const auto& routes, int side) { install(routes, side); };
  lab.withdraw = [this](const auto& routes) { withdraw(routes); };
  lab.count = [this] { return count(); };
  lab.kill_watcher = [this] { kill_npud_and_keeper(); };
  return lab;
}

}  // namespace issu::backends
