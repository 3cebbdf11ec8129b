#include "tests/bench/fpm/zebra.hpp"

#include <net/if.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "issu/base/netns.hpp"
#include "state-sync/fpm/server.hpp"

namespace issu::bench {
namespace {

constexpr const char* netns = "rt";
constexpr auto batch_limit = std::chrono::seconds(180);
constexpr auto settle_limit = std::chrono::seconds(180);

void must(const Result<void>& done) {
  if (!done) {
    throw std::runtime_error(done.error().message());
  }
}

}  // namespace

Zebra::Zebra(const std::vector<state_sync::Prefix>& prefixes) {
  daemons_.link(netns, "one", {"192.0.2.1/24"}, "peer", "toone", {"192.0.2.2/24"});
  daemons_.ip(netns, "link set dev lo up");
  const auto file = daemons_.folder() / "routes";
  std::ofstream lines(file);
  for (std::size_t n = 0; n < prefixes.size(); ++n) {
    lines << "route append " << prefixes[n].text() << " via 192.0.2." << 2 + n / 5 * 7 % 64
          << " proto 186 metric 20\n";
  }
  lines.close();
  RunOptions options;
  options.timeout = batch_limit;
  if (auto loaded = run_checked(
          {"ip", "-n", daemons_.netns(netns), "-force", "-batch", file.string()}, options);
      !loaded) {
    throw std::runtime_error(loaded.error().message());
  }
  daemons_.start_frr(netns, "zebra", "fpm address 127.0.0.1 port 2620\n",
                     {"-M", "dplane_fpm_nl", "-K", "3600"});
  double before = -1;
  if (!wait_until(
          [&] {
            const double now = cpu_s();
            return now - std::exchange(before, now) < 0.02 && now > 0.5;
          },
          Deadline::in(settle_limit), std::chrono::seconds(2))) {
    throw std::runtime_error("zebra does not settle");
  }
}

Fd Zebra::listen() {
  Fd listener;
  must(NetNs::inside(NetNs::path_of(daemons_.netns(netns)), [&]() -> Result<void> {
    auto opened = fpm::listen_for_fpm(2620);
    if (!opened) {
      return fail(std::move(opened).error());
    }
    listener = std::move(*opened);
    return {};
  }));
  return listener;
}

std::uint32_t Zebra::ifindex() {
  std::uint32_t index = 0;
  must(NetNs::inside(NetNs::path_of(daemons_.netns(netns)), [&]() -> Result<void> {
    index = ::if_nametoindex("one");
    return {};
  }));
  return index;
}

double Zebra::cpu_s() const {
  std::ifstream file("/proc/" + std::to_string(daemons_.process("zebra").pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::istringstream words(text.substr(std::min(text.rfind(')') + 2, text.size())));
  std::string word;
  double ticks = 0;
  for (int n = 3; n <= 15 && words >> word; ++n) {
    ticks += n >= 14 ? std::stod(word) : 0;  // utime and stime, proc(5)
  }
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace issu::bench
