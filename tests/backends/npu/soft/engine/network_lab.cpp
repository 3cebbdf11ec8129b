#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "backends/npu/soft/engine/bpf_file_system.hpp"
#include "issu/base/child.hpp"
#include "issu/base/netns.hpp"
#include "tests/backends/npu/soft/engine/engine_lab.hpp"

namespace issu::backends::soft {
namespace {

constexpr std::array names{"h1", "h2", "rp", "npu"};

/// Once a process: mounts of its own, with a place for namespaces that nobody else sees.
void live_alone() {
  static bool done = false;
  if (done) {
    return;
  }
  done = true;
  REQUIRE(::unshare(CLONE_NEWNS) == 0);
  REQUIRE(::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
  std::error_code error;
  std::filesystem::create_directories("/run/netns", error);
  REQUIRE(::mount("tmpfs", "/run/netns", "tmpfs", 0, "mode=0755") == 0);
}

void write_setting(const std::string& path, const std::string& value) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(::write(fd.get(), value.data(), value.size()) > 0);
}

void set_feature(const std::string& interface, std::uint32_t command, bool on) {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ethtool_value value{command, on ? 1U : 0U};
  ifreq request{};
  std::memcpy(request.ifr_name, interface.c_str(), interface.size() + 1);
  request.ifr_data = reinterpret_cast<char*>(&value);
  REQUIRE(::ioctl(fd.get(), SIOCETHTOOL, &request) == 0);
}

std::string mac_text(const tables::MacAddress& mac) {
  char text[18];
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
                mac[4], mac[5]);
  return text;
}

struct PortNames {
  std::string port, punt, host, net4, net6, mac, mtu;
};

PortNames port_names(unsigned n) {
  return n == 0 ? PortNames{"p1",       "punt1",        "h1",
                            "192.0.2.", "2001:db8:1::", mac_text(frames::port_mac),
                            "1500"}
                : PortNames{"p2",          "punt2",        "h2",
                            "198.51.100.", "2001:db8:2::", mac_text(other_port_mac),
                            "1400"};
}

}  // namespace

bool is_root() {
  return ::geteuid() == 0;
}

NetworkLab::NetworkLab() {
  live_alone();
  for (const char* name : names) {
    REQUIRE(NetNs::create(netns(name)));
    inside(name, [&] {
      const std::string conf = "/proc/sys/net/ipv6/conf/";
      for (const char* each : {"all", "default"}) {
        write_setting(conf + each + "/accept_dad", "0");
        if (std::string(name) == "npu") {
          write_setting(conf + each + "/disable_ipv6", "1");
        }
      }
      if (std::string(name) == "rp") {
        write_setting("/proc/sys/net/ipv4/ip_forward", "1");
        write_setting(conf + "all/forwarding", "1");
      }
    });
  }
  for (const unsigned n : {0U, 1U}) {
    make_port(n);
    make_punt(n);
  }
  ip("h2", "address add 203.0.113.1/32 dev lo\naddress add 2001:db8:ffff::1/128 dev lo nodad\n");
  ip("rp",
     "route add 203.0.113.0/24 via 198.51.100.2\n"
     "route add 2001:db8:ffff::/48 via 2001:db8:2::2\n");
}

NetworkLab::~NetworkLab() {
  (void)unmount_bpf(dir_ / "bpf");
  for (const char* name : names) {
    (void)NetNs::remove(netns(name));
  }
}

std::string NetworkLab::netns(const std::string& name) const {
  return "lab-" + name;
}

void NetworkLab::inside(const std::string& name, const std::function<void()>& work) const {
  REQUIRE(NetNs::inside(NetNs::path_of(netns(name)), [&]() -> Result<void> {
    work();
    return {};
  }));
}

void NetworkLab::ip(const std::string& name, const std::string& lines) const {
  RunOptions options;
  options.input = lines;
  const auto output = run({"ip", "-n", netns(name), "-batch", "-"}, options);
  REQUIRE(output);
  INFO(output->err);
  REQUIRE(output->status == 0);
}

std::string NetworkLab::ask(const std::string& name, std::vector<std::string> words) const {
  RunOptions options;
  options.netns = NetNs::path_of(netns(name));
  const auto output = run(words, options);
  REQUIRE(output);
  return output->out + output->err;
}

void NetworkLab::gather(const std::string& name, const std::string& interface) const {
  inside(name, [&] { set_feature(interface, ETHTOOL_SGRO, true); });
}

unsigned NetworkLab::index_of(const std::string& interface) const {
  unsigned index = 0;
  inside("npu", [&] { index = ::if_nametoindex(interface.c_str()); });
  return index;
}

void NetworkLab::make_port(unsigned n) const {
  const PortNames names_of = port_names(n);
  const auto& [port, punt, host, net4, net6, mac, mtu] = names_of;
  ip("npu", "link add " + port + " address " + mac + " mtu " + mtu +
                " type veth peer name e0 mtu " + mtu + " netns " + netns(host) + "\nlink set " +
                port + " up\n");
  ip(host, "link set e0 up\naddress add " + net4 + "2/24 dev e0\naddress add " + net6 +
               "2/64 dev e0 nodad\nroute add default via " + net4 + "1\nroute add default via " +
               net6 + "1\n");
  // The end that gathers has to be up before it is told so: docs/platform-notes.md.
  inside(host, [&] {
    for (const std::uint32_t command : {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_STXCSUM}) {
      set_feature("e0", command, false);
    }
  });
  gather(host, "e0");
}

void NetworkLab::make_punt(unsigned n) const {
  const PortNames names_of = port_names(n);
  const auto& [port, punt, host, net4, net6, mac, mtu] = names_of;
  ip("rp", "link add " + port + " address " + mac + " mtu " + mtu + " type veth peer name " + punt +
               " mtu " + mtu + " netns " + netns("npu") + "\nlink set " + port +
               " up\naddress add " + net4 + "1/24 dev " + port + "\naddress add " + net6 +
               "1/64 dev " + port + " nodad\n");
  ip("npu", "link set " + punt + " up\n");
}

tables::MacAddress NetworkLab::mac_of(const std::string& name, const std::string& interface) const {
  tables::MacAddress mac{};
  inside(name, [&] {
    const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::memcpy(request.ifr_name, interface.c_str(), interface.size() + 1);
    REQUIRE(::ioctl(fd.get(), SIOCGIFHWADDR, &request) == 0);
    std::memcpy(mac.data(), request.ifr_hwaddr.sa_data, mac.size());
  });
  return mac;
}

std::vector<EnginePort> NetworkLab::places() const {
  std::vector<EnginePort> found;
  for (const unsigned n : {0U, 1U}) {
    const PortNames names_of = port_names(n);
    const unsigned punt = index_of(names_of.punt);
    if (const unsigned port = index_of(names_of.port); port != 0) {
      found.push_back({n, port, {punt, punt}});
    }
  }
  return found;
}

}  // namespace issu::backends::soft
