#include "tests/backends/lxc/lxc_lab.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <utility>

#include "backends/lxc/lxc.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "issu/base/user_ns.hpp"

namespace issu::testing {
namespace {

namespace fs = std::filesystem;

fs::path payload_of(const std::string& suite, const std::string& release) {
  return fs::path(ISSU_SOURCE_DIR) / "build/images" / (suite + "-" + release + ".squashfs");
}

std::vector<std::string> lines_with(const fs::path& file, const std::string& what) {
  std::vector<std::string> found;
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.find(what) != std::string::npos) {
      found.push_back(line);
    }
  }
  return found;
}

void append(std::vector<std::string>& to, std::vector<std::string> more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

LxcLab::LxcLab(const std::string& suite, std::optional<std::uint32_t> first_id) {
  const std::string name = "t" + std::to_string(::getpid()) + suite;
  folder_ = fs::temp_directory_path() / ("issu-" + name);
  spec_.name = name;
  spec_.suite = suite;
  spec_.daemons = suite == "frr" ? std::vector<std::string>{"zebra", "bgpd", "staticd"}
                                 : std::vector<std::string>{"bird"};
  spec_.netns = name;
  spec_.first_id = first_id;
  spec_.run_dir = "/run/issu/" + name;
  spec_.state_dir = folder_ / "state";
  spec_.config_dir = folder_ / "config";
  if (::geteuid() != 0) {
    missing_ = "not root";
    return;
  }
  for (const char* release : {"bookworm", "trixie"}) {
    const fs::path payload = payload_of(suite, release);
    if (!fs::exists(payload)) {
      missing_ = payload.string() + " is not there: scenarios/images/build makes it";
      return;
    }
    // A name of its own for the loop devices to be told apart by.
    fs::create_directories(folder_);
    fs::copy_file(payload, folder_ / (std::string(release) + ".squashfs"));
  }
  if (first_id) {
    REQUIRE(make_dirs(spec_.run_dir).has_value());
    REQUIRE(UserNs::create(spec_.user_ns(), *first_id).has_value());
  }
  REQUIRE(NetNs::create(spec_.netns, first_id ? spec_.user_ns() : "").has_value());
  write_config();
}

void LxcLab::write_config() {
  fs::create_directories(spec_.config_dir);
  std::ofstream(spec_.config_dir / "zebra.conf") << "hostname lab\nallow-external-route-update\n";
  std::ofstream(spec_.config_dir / "bgpd.conf") << "router bgp 65000\n bgp router-id 192.0.2.1\n";
  std::ofstream(spec_.config_dir / "staticd.conf") << "ip route 198.51.100.0/24 blackhole\n"
                                                      "ipv6 route 2001:db8:9::/48 blackhole\n";
  std::ofstream(spec_.config_dir / "bird.conf")
      << "router id 192.0.2.1;\nprotocol device {}\n"
         "protocol kernel { persist; graceful restart on; ipv4 { export all; }; }\n"
         "protocol static { ipv4; route 198.51.100.0/24 blackhole; }\n";
}

LxcLab::~LxcLab() {
  if (!missing_.empty()) {
    return;
  }
  auto rp = make();
  for (const auto slot : {backends::Slot::a, backends::Slot::b}) {
    CHECK(rp->power_off(slot).has_value());
    CHECK(rp->unstage(slot).has_value());
  }
  allow_programs();
  CHECK(NetNs::remove(spec_.netns).has_value());
  CHECK(UserNs::remove(spec_.user_ns()).has_value());
  CHECK(remove_tree(folder_).has_value());
  CHECK(remove_tree(spec_.run_dir).has_value());
}

void LxcLab::forbid_programs() {
  REQUIRE(make_dirs(spec_.run_dir).has_value());
  REQUIRE(::mount("issu-test", spec_.run_dir.c_str(), "tmpfs", MS_NOEXEC | MS_NOSUID | MS_NODEV,
                  nullptr) == 0);
  programs_forbidden_ = true;
}

void LxcLab::allow_programs() {
  if (std::exchange(programs_forbidden_, false)) {
    CHECK(::umount2(spec_.run_dir.c_str(), 0) == 0);
    CHECK(::rmdir(spec_.run_dir.c_str()) == 0);
  }
}

std::unique_ptr<backends::RouteProcessor> LxcLab::make() const {
  auto rp = backends::make_lxc(spec_);
  REQUIRE(rp.has_value());
  return std::move(*rp);
}

RpContract LxcLab::contract() const {
  RpContract contract;
  contract.make = [this] { return make(); };
  contract.payload = {folder_ / "bookworm.squashfs", "old"};
  contract.other_payload = {folder_ / "trixie.squashfs", "new"};
  contract.version = spec_.suite == "frr" ? "8.4.4" : "2.0.12";
  contract.other_version = spec_.suite == "frr" ? "10.3" : "2.17.6";
  contract.traces = [this] { return traces(); };
  return contract;
}

std::vector<std::string> LxcLab::traces() const {
  std::vector<std::string> found;
  append(found, lines_with("/proc/self/mounts", spec_.run_dir.string()));
  for (const auto& device : fs::directory_iterator("/sys/block")) {
    append(found, lines_with(device.path() / "loop/backing_file", folder_.string()));
  }
  for (const auto& process : fs::directory_iterator("/proc")) {
    append(found, lines_with(process.path() / "cgroup", "issu-" + spec_.name + "-"));
    append(found, lines_with(process.path() / "cmdline", "issu-" + spec_.name + "-"));
  }
  using fs::directory_options;
  for (const char* root : {"/sys/fs/cgroup", "/run/lxc", "/run/issu"}) {
    std::error_code error;
    for (fs::recursive_directory_iterator
             entry(root, directory_options::skip_permission_denied, error),
         end;
         !error && entry != end; entry.increment(error)) {
      const std::string path = entry->path();
      if (path.find(spec_.name) != std::string::npos) {
        found.push_back(path);
      }
    }
  }
  return found;
}

}  // namespace issu::testing
