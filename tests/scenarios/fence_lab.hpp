#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <linux/if_ether.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backends/npu.hpp"
#include "backends/rp.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "issu/config/router_config.hpp"
#include "issu/drill/lab.hpp"
#include "issu/measure/peer_ask.hpp"
#include "issu/slot_store.hpp"
#include "tests/temp_dir.hpp"

/// A router with neighbours, and what shows whether an old side that was fenced still does
/// anything.
namespace issu::tests {

inline constexpr auto long_enough = std::chrono::seconds(60);
/// Long enough for a woken daemon to say a keepalive, to write a route or to answer a SYN.
inline constexpr auto awake = std::chrono::seconds(2);

inline std::filesystem::path images() {
  return std::filesystem::path(ISSU_SOURCE_DIR) / "build/images";
}

/// What is not there; empty: all is.
inline std::string missing(const std::string& image) {
  if (::geteuid() != 0) {
    return "containers need root";
  }
  return std::filesystem::exists(images() / (image + ".raucb"))
             ? ""
             : "there is no image " + image + ": scenarios/setup builds it";
}

/// A scenario of which the lab counts: two neighbours that give up after 6 s, so that a session
/// kept alive by the wrong side would show. `kind`: more lines of its section `[lab]`.
inline std::string lab_text(const std::string& image, const std::string& kind = {}) {
  return "name = \"fence\"\n[lab]\nsuite = \"frr\"\n" + kind + "image = \"" + image + R"("
timers = { converge_s = 60, quiet_s = 3, soak_s = 5 }
[[lab.peer]]
name = "east"
daemon = "bird"
hold_s = 6
announce = [{ first = "10.0.0.0/24", count = 200 }]
[[lab.peer]]
name = "west"
daemon = "bird"
hold_s = 6
announce = [{ first = "10.128.0.0/24", count = 200 }]
[[step]]
upgrade = ")" +
         image + "\"\n";
}

#define FENCE_OK(expression)                                                        \
  do {                                                                              \
    const auto& fence_result = (expression);                                        \
    const std::string message = fence_result ? "" : fence_result.error().message(); \
    REQUIRE_MESSAGE(fence_result.has_value(), message);                             \
  } while (false)

/// Every TCP frame that comes to a peer from now on.
class Ear {
 public:
  explicit Ear(const drill::PeerPlace& peer) {
    FENCE_OK(NetNs::inside(NetNs::path_of(peer.netns), [this]() -> Result<void> {
      fd_ = Fd(::socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL)));
      return {};
    }));
    REQUIRE(fd_);
  }
  /// "source port > destination port" of each connection that was heard, by IPv4 and IPv6.
  std::set<std::string> connections() {
    std::set<std::string> heard;
    unsigned char frame[256];
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    ssize_t count = 0;
    while ((count = ::recvfrom(fd_.get(), frame, sizeof frame, 0,
                               reinterpret_cast<sockaddr*>(&from), &size)) > 0) {
      const bool v6 = frame[0] >> 4U == 6;
      const std::size_t tcp = v6 ? 40 : (frame[0] & 15U) * 4U;
      if (frame[v6 ? 6 : 9] == IPPROTO_TCP && count >= static_cast<ssize_t>(tcp + 4)) {
        const auto port = [&](std::size_t at) {
          return std::to_string((frame[tcp + at] << 8U) + frame[tcp + at + 1]);
        };
        heard.insert((v6 ? "6 " : "4 ") + port(0) + " > " + port(2));
        heard.insert((v6 ? "6 " : "4 ") + port(2) + " > " + port(0));
      }
      size = sizeof from;
    }
    return heard;
  }

 private:
  Fd fd_;
};

struct FenceLab {
  TempDir folder;
  drill::Interrupt interrupt;
  std::optional<drill::Lab> lab;
  std::optional<config::RouterConfig> config;
  std::unique_ptr<backends::RouteProcessor> rp;
  std::unique_ptr<backends::Npu> npu;
  std::optional<SlotStore> store;

  /// `text`: a scenario of which the lab counts.
  explicit FenceLab(const std::string& text) {
    std::ofstream(folder / "fence.toml") << text;
    auto scenario = drill::load_scenario(folder / "fence.toml");
    FENCE_OK(scenario);
    auto built =
        drill::Lab::build(scenario->lab,
                          {std::string(ISSU_BIN_DIR) + "/issu", images(),
                           std::filesystem::temp_directory_path(), [](const std::string&) {}},
                          interrupt);
    FENCE_OK(built);
    lab.emplace(std::move(*built));
    auto read = config::load_router(lab->layout().router_file());
    FENCE_OK(read);
    config.emplace(std::move(*read));
    store.emplace(config->router.state_dir);
  }

  void boot_other(backends::Slot from) {
    const backends::Slot to = other(from);
    FENCE_OK(make_dirs(store->slot_dir(to)));
    FENCE_OK(store->share_payload(from, to));
    const auto image = store->image(from).value().value();
    FENCE_OK(store->set_image(to, image));
    FENCE_OK(rp->stage(to, store->verified(to, image).value()));
    FENCE_OK(rp->boot(to));
  }

  void converge(backends::Slot slot) {
    const auto there = [&] {
      const auto view = rp->control_plane(slot);
      const auto state = npu->sync_state();
      return view && state && view->sessions.size() == 4 && state->stale == 0 &&
             std::all_of(view->sessions.begin(), view->sessions.end(), [](const auto& session) {
               return session.established && session.end_of_rib;
             });
    };
    REQUIRE(wait_until(there, Deadline::in(long_enough), std::chrono::milliseconds(200)));
  }
};

/// What neighbours and NPU know while the new side alone is there; then whether that changed.
class Evidence {
 public:
  explicit Evidence(FenceLab& lab) : lab_(&lab) {
    for (const drill::PeerPlace& peer : lab.lab->layout().peers) {
      ears_.emplace_back(peer);
      peers_.emplace_back(measure::PeerPlan{
          .kind = "bird", .control = peer.dir / "bird.ctl", .sessions = {"router4", "router6"}});
    }
    sleep_for(awake);  // a keepalive each 2 s: every connection that there is is heard
    for (Ear& ear : ears_) {
      connections_.merge(ear.connections());
    }
    CHECK_FALSE(connections_.empty());
    before_ = lab.npu->sync_state().value();
    sessions_ = sessions();
  }

  void check_unchanged(std::uint64_t epoch, std::uint64_t routes) {
    for (Ear& ear : ears_) {
      for (const std::string& connection : ear.connections()) {
        CHECK_MESSAGE(connections_.contains(connection), connection);
      }
    }
    CHECK(sessions() == sessions_);
    backends::Npu& npu = *lab_->npu;
    const auto after = npu.sync_state().value();
    CHECK(after.added == before_.added);
    CHECK(after.deleted == before_.deleted);
    CHECK(after.refreshed == before_.refreshed);
    CHECK(npu.size().value().total() == routes);
    // Whoever holds the epoch of the old side writes nothing any more.
    const auto swept = npu.sweep(epoch - 1);
    REQUIRE_FALSE(swept);
    CHECK(swept.error().kind() == ErrorKind::refused);
    for (const auto& refused :
         {npu.hold(epoch - 1), npu.keep(epoch - 1), npu.refresh(epoch - 1, {})}) {
      REQUIRE_FALSE(refused);
      CHECK(refused.error().kind() == ErrorKind::refused);
    }
  }

 private:
  /// Of each session at the neighbours, "down" or a number that another coming up changes.
  std::vector<std::string> sessions() {
    std::vector<std::string> all;
    for (measure::PeerAsker& peer : peers_) {
      const auto looks = peer.ask();
      FENCE_OK(looks);
      for (const measure::SessionLook& look : *looks) {
        all.push_back(look.established ? look.incarnation : "down");
      }
    }
    return all;
  }

  FenceLab* lab_;
  std::vector<Ear> ears_;
  std::vector<measure::PeerAsker> peers_;
  std::set<std::string> connections_;
  backends::SyncState before_;
  std::vector<std::string> sessions_;
};

}  // namespace issu::tests
