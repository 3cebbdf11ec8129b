#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "issu/config/router_config.hpp"

namespace issu::config::testing {

/// A folder with everything that the good sample names; gone at the end of its life.
class SampleFolder {
 public:
  SampleFolder()
      : path_(std::filesystem::temp_directory_path() /
              ("issu-config-test-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_ / "config");
    std::ofstream(path_ / "keyring.pem") << "certificates\n";
  }
  ~SampleFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  SampleFolder(const SampleFolder&) = delete;
  SampleFolder& operator=(const SampleFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  Result<RouterConfig> load(const std::string& text) const {
    const auto file = path_ / "router.toml";
    std::ofstream(file) << text;
    return load_router(file);
  }

 private:
  std::filesystem::path path_;
};

/// A whole good router.toml; its lines are counted on by the tests.
inline const std::string kGood = R"([router]
name = "edge1"
suite = "frr"
daemons = ["zebra", "bgpd", "staticd"]
config_dir = "config"

[images]
compatible = "issu-frr-amd64"
keyring = "keyring.pem"

[[port]]
name = "east"
addresses = ["192.0.2.1/30", "2001:db8:0:1::1/64"]
peer = { netns = "peer-east", name = "up0" }

[[port]]
name = "west"
addresses = ["192.0.2.5/30"]
device = "enp1s0"
mtu = 9000

[[probe]]
name = "east-to-west"
from = "peer-east"
to = "peer-west"
source = "192.0.2.2"
destinations = [{ first = "10.0.0.0/24", count = 500 }, { first = "10.128.0.0/20" }]
rate_pps = 5000

[[peer]]
name = "east"
kind = "bird"
control = "run/bird.ctl"
sessions = ["router4", "router6"]

[budget]
lost_packets = 3

[timers]
soak_s = 10.5
)";

/// The good sample with one piece of its text replaced (all of it must be there).
inline std::string with(const std::string& old_text, const std::string& new_text) {
  std::string text = kGood;
  const auto at = text.find(old_text);
  return at == std::string::npos ? "sample has no: " + old_text
                                 : text.replace(at, old_text.size(), new_text);
}

}  // namespace issu::config::testing
