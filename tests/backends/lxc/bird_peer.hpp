#pragma once

#include <algorithm>
#include <fstream>
#include <string>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "tests/backends/lxc/lxc_lab.hpp"
#include "tests/temp_dir.hpp"

namespace issu::testing {

/// A BIRD (AS 65001) behind a link of the lab's chassis, "port0" at both ends, that speaks BGP to
/// the router (AS 65000) over a pair of addresses of that link; gone at the end.
class BirdPeer {
 public:
  struct Link {
    std::string router;  ///< its address, "192.0.2.1"
    std::string peer;
    unsigned length = 24;
  };
  BirdPeer(const LxcLab& lab, const Link& link) : netns_(lab.spec().netns + "p") {
    const std::string& chassis = lab.spec().netns;
    REQUIRE(NetNs::create(netns_).has_value());
    must({"ip", "-n", chassis, "link", "add", "port0", "type", "veth", "peer", "name", "port0",
          "netns", netns_});
    for (const auto& [netns, address] :
         {std::pair{chassis, link.router}, std::pair{netns_, link.peer}}) {
      must({"ip", "-n", netns, "link", "set", "dev", "port0", "addrgenmode", "none", "up"});
      Argv words{"ip",  "-n",   netns, "addr", "add", address + "/" + std::to_string(link.length),
                 "dev", "port0"};
      if (address.find(':') != std::string::npos) {
        words.emplace_back("nodad");
      }
      must(words);
    }
    const bool local = link.router.starts_with("fe80");
    std::ofstream(dir_ / "bird.conf")
        << "log \"" << log().string() << "\" all;\ndebug protocols { states };\n"
        << "router id 192.0.2.2;\nprotocol device {}\nprotocol bgp session { local " << link.peer
        << " as 65001; neighbor " << link.router << (local ? "%port0" : "")
        << " as 65000;\n  connect delay time 1; connect retry time 1; error wait time 1, 2;\n  "
        << (link.router.find(':') == std::string::npos ? "ipv4" : "ipv6")
        << " { import all; export all; }; }\n";
    must({"ip", "netns", "exec", netns_, "bird", "-c", dir_ / "bird.conf", "-s", control()});
  }
  BirdPeer(const BirdPeer&) = delete;
  BirdPeer& operator=(const BirdPeer&) = delete;
  ~BirdPeer() {
    (void)run({"birdc", "-s", control(), "down"});
    CHECK(NetNs::remove(netns_).has_value());
  }

  /// How often its session has come up.
  [[nodiscard]] int times_up() const {
    const std::string text = read_file(log()).value_or("");
    int count = 0;
    const std::string words = "session: State changed to up";
    for (std::size_t at = 0; (at = text.find(words, at)) != std::string::npos; ++at) {
      ++count;
    }
    return count;
  }
  [[nodiscard]] bool is_up() const {
    const auto said = run({"birdc", "-s", control(), "show", "protocols", "session"});
    return said && said->out.find("Established") != std::string::npos;
  }

 private:
  static void must(const Argv& words) {
    const auto done = run_checked(words);
    REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().message()));
  }
  [[nodiscard]] std::string control() const { return (dir_ / "bird.ctl").string(); }
  [[nodiscard]] std::filesystem::path log() const { return dir_ / "bird.log"; }
  tests::TempDir dir_;
  std::string netns_;
};

/// Why no peer can be had here; empty when one can.
inline std::string no_bird_peer() {
  const auto bird = run({"bird", "--version"});
  return bird && bird->status == 0 ? std::string() : "there is no bird: apt-get install bird2";
}

}  // namespace issu::testing
