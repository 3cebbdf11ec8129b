#include "issu/configuration.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "issu/device.hpp"
#include "tests/temp_dir.hpp"

namespace issu {
namespace {

using Lines = std::vector<std::string>;

constexpr const char* running = R"(
Building configuration...

Current configuration:
!
frr version 8.4.4
frr defaults traditional
!
router bgp 65000
 neighbor 192.0.2.2 remote-as 65001
 neighbor 192.0.2.2 password hunter2 and more
 !
 address-family ipv6 unicast
  neighbor 2001:db8::2 activate
 exit-address-family
exit
!
end
)";

TEST_CASE("a statement stands behind those that it is in, without comments and secrets") {
  CHECK(configuration_lines(running) ==
        Lines{"frr defaults traditional", "frr version 8.4.4", "router bgp 65000",
              "router bgp 65000 / address-family ipv6 unicast",
              "router bgp 65000 / address-family ipv6 unicast / neighbor 2001:db8::2 activate",
              "router bgp 65000 / neighbor 192.0.2.2 password (not shown)",
              "router bgp 65000 / neighbor 192.0.2.2 remote-as 65001"});
  for (const char* secret :
       {"ip ospf message-digest-key 1 md5 hunter2", "area-password clear hunter2",
        "key-string hunter2", "snmp-server community hunter2", "enable password hunter2"}) {
    CAPTURE(secret);
    CHECK(configuration_lines(secret).front().find("hunter2") == std::string::npos);
  }
  CHECK(configuration_lines("set community 65000:1").front() == "set community 65000:1");
}

TEST_CASE("what the router was told and does no more is unexpected, the rest is of the release") {
  const Lines before{"frr version 8.4.4", "router bgp 1", "router bgp 1 / timers bgp 3 9",
                     "old default"};
  const Lines after{"frr version 10.3", "router bgp 1", "new default"};
  const Lines configured{"router bgp 1", "timers bgp 3 9"};
  const auto delta = compare_configurations(before, after, configured, false);
  CHECK(delta.compared);
  CHECK(delta.release == Lines{"gone: frr version 8.4.4", "gone: old default",
                               "new: frr version 10.3", "new: new default"});
  CHECK(delta.unexpected == Lines{"gone: router bgp 1 / timers bgp 3 9"});
}

TEST_CASE("between the same versions every difference is unexpected") {
  const auto delta = compare_configurations({"a", "b"}, {"a", "c"}, {}, true);
  CHECK(delta.release.empty());
  CHECK(delta.unexpected == Lines{"gone: b", "new: c"});
  CHECK(compare_configurations({"a"}, {"a"}, {}, true).unexpected.empty());
}

TEST_CASE("a long list is counted, not written out") {
  Lines many;
  for (int i = 0; i < 500; ++i) {
    many.push_back(std::to_string(i));
  }
  const auto delta = compare_configurations({}, many, {}, false);
  CHECK(delta.release.size() == 51);
  CHECK(delta.release.back() == "and 450 more");
}

TEST_CASE("the files of the configuration's folder are what was told") {
  const tests::TempDir folder;
  std::ofstream(folder / "bgpd.conf") << running;
  std::ofstream(folder / "zebra.conf") << "ip forwarding\n";
  const auto lines = configured_lines(folder.path());
  CHECK(std::count(lines.begin(), lines.end(), "ip forwarding") == 1);
  CHECK(lines.size() == 8);
  CHECK(configured_lines(folder / "none").empty());
}

TEST_CASE("the device is what the machine's files say, and nothing where they say nothing") {
  const tests::TempDir root;
  report::Device device = read_device(root.path());
  CHECK(device.cpu.empty());
  CHECK_FALSE(device.cpus);
  CHECK_FALSE(device.memory_bytes);
  CHECK_FALSE(device.kernel.empty());
  std::filesystem::create_directories(root / "proc");
  std::filesystem::create_directories(root / "etc");
  std::filesystem::create_directories(root / "sys/class/dmi/id");
  std::ofstream(root / "proc/cpuinfo") << "processor\t: 0\nmodel name\t: A CPU @ 2 GHz\n"
                                          "flags\t\t: fpu hypervisor sse\n\nprocessor\t: 1\n";
  std::ofstream(root / "proc/meminfo") << "MemTotal:       1024 kB\nMemFree: 1 kB\n";
  std::ofstream(root / "etc/os-release") << "NAME=\"x\"\nPRETTY_NAME=\"Debian 12\"\n";
  std::ofstream(root / "sys/class/dmi/id/sys_vendor") << "QEMU\n";
  std::ofstream(root / "sys/class/dmi/id/product_name") << "Standard PC\n";
  device = read_device(root.path());
  CHECK(device.model == "QEMU Standard PC");
  CHECK(device.cpu == "A CPU @ 2 GHz");
  CHECK(device.cpus == 2U);
  CHECK(device.memory_bytes == 1U << 20U);
  CHECK(device.hypervisor == "yes");
  CHECK(device.os == "Debian 12");
}

}  // namespace
}  // namespace issu
