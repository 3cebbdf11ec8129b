#include "backends/vm/domain.hpp"

#include <doctest/doctest.h>

using namespace issu::backends::vm;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Domain some() {
  Domain domain;
  domain.name = "issu-r1-a";
  domain.disk = "/var/lib/r1/a.qcow2";
  return domain;
}

}  // namespace

TEST_CASE("a domain says what runs it") {
  Domain domain = some();
  CHECK(has(domain_xml(domain), "<domain type='qemu'>"));
  CHECK(has(domain_xml(domain), "<cpu mode='maximum'></cpu>"));
  domain.accelerator = Accelerator::kvm;
  CHECK(has(domain_xml(domain), "<domain type='kvm'>"));
  CHECK(has(domain_xml(domain), "<cpu mode='host-passthrough'></cpu>"));
}

TEST_CASE("a processor can be without a feature") {
  Domain domain = some();
  domain.without = {"la57", "erms"};
  CHECK(has(domain_xml(domain),
            "<cpu mode='maximum'><feature policy='disable' name='la57'/>"
            "<feature policy='disable' name='erms'/></cpu>"));
}

TEST_CASE("a domain's processors run on those of the host that it was given") {
  Domain domain = some();
  CHECK_FALSE(has(domain_xml(domain), "cputune"));
  domain.vcpus = 2;
  domain.cpus = "2-5,8";
  CHECK(has(domain_xml(domain),
            "<vcpu>2</vcpu><cputune><vcpupin vcpu='0' cpuset='2-5,8'/>"
            "<vcpupin vcpu='1' cpuset='2-5,8'/></cputune>"));
}

TEST_CASE("a domain never restarts by itself") {
  const std::string xml = domain_xml(some());
  for (const char* event : {"poweroff", "reboot", "crash"}) {
    CHECK(has(xml, "<on_" + std::string(event) + ">destroy</on_" + event + ">"));
  }
}

TEST_CASE("a domain has a device for each port, in their order, and what it was given") {
  Domain domain = some();
  domain.links = {{"one-a", "02:00:00:00:00:01"}, {"two-a", "02:00:00:00:00:02"}};
  domain.config_disk = "/run/r1/config.squashfs";
  domain.serial_log = "/run/r1/serial.log";
  const std::string xml = domain_xml(domain);
  CHECK(xml.find("one-a") < xml.find("two-a"));
  CHECK(has(xml, "managed='no'"));
  CHECK(has(xml, "<serial>issu-config</serial>"));
  CHECK(has(xml, "/run/r1/serial.log"));
  CHECK(has(xml, "org.qemu.guest_agent.0"));
  domain.agent = false;
  domain.config_disk.clear();
  CHECK_FALSE(has(domain_xml(domain), "guest_agent"));
  CHECK_FALSE(has(domain_xml(domain), "issu-config"));
}

TEST_CASE("devices of a q35 are on its first bus, each in its place, without bridges to them") {
  Domain domain = some();
  domain.config_disk = "/run/r1/config.squashfs";
  domain.links = {{"one-a", "02:00:00:00:00:01"}};
  const std::string xml = domain_xml(domain);
  // Two disks, a network card, the controller of the agent's channel.
  for (const char* slot : {"02", "03", "04", "05"}) {
    CHECK(has(xml, std::string("<address type='pci' domain='0x0000' bus='0x00' slot='0x") + slot));
  }
  CHECK_FALSE(has(xml, "slot='0x06'"));
  CHECK(has(xml, "<controller type='usb' model='none'/>"));
  for (int n = 0; n < 40; ++n) {
    domain.links.push_back({"more-a", "02:00:00:00:00:02"});
  }
  // Behind the last place they are left to libvirt.
  CHECK(has(domain_xml(domain), "slot='0x1e'"));
  CHECK_FALSE(has(domain_xml(domain), "slot='0x1f'"));
  domain.machine = "pc";
  CHECK_FALSE(has(domain_xml(domain), "type='pci'"));
}

TEST_CASE("a kernel of its own is started in place of the disk's") {
  Domain domain = some();
  CHECK_FALSE(has(domain_xml(domain), "<kernel>"));
  domain.boot = DirectBoot{"/run/r1/vmlinuz&", {}, "console=ttyS0 a='b'"};
  CHECK(has(domain_xml(domain), "<kernel>/run/r1/vmlinuz&amp;</kernel>"));
  CHECK(has(domain_xml(domain), "<cmdline>console=ttyS0 a=&apos;b&apos;</cmdline>"));
  CHECK_FALSE(has(domain_xml(domain), "<initrd>"));
  domain.boot->initrd = "/run/r1/initrd.img";
  CHECK(has(domain_xml(domain), "<initrd>/run/r1/initrd.img</initrd>"));
  CHECK(has(domain_xml(domain), "a.qcow2"));
}

TEST_CASE("a firmware that finds nothing to boot resets, and speaks where somebody listens") {
  Domain domain = some();
  CHECK(has(domain_xml(domain), "<bios rebootTimeout='0'/>"));
  domain.serial_log = "/run/r1/serial.log";
  CHECK(has(domain_xml(domain), "<bios useserial='yes' rebootTimeout='0'/>"));
}

TEST_CASE("no name can end an attribute") {
  Domain domain = some();
  domain.disk = "/a'/><evil b=\"&";
  const std::string xml = domain_xml(domain);
  CHECK_FALSE(has(xml, "<evil"));
  CHECK(has(xml, "/a&apos;/&gt;&lt;evil b=&quot;&amp;"));
}

TEST_CASE("a machine keeps its identity when it is defined again") {
  Domain domain = some();
  const auto uuid = [&] {
    const std::string xml = domain_xml(domain);
    const auto at = xml.find("<uuid>");
    return xml.substr(at, xml.find("</uuid>") - at);
  };
  const std::string first = uuid();
  CHECK(first.size() == 6 + 36);
  domain.memory_mib = 1024;
  CHECK(uuid() == first);
  domain.name = "issu-r1-b";
  CHECK(uuid() != first);
}

TEST_CASE("a machine that moves has its ends on the host in the other place, and nothing else") {
  Domain domain = some();
  domain.disk = "/run/r1/slot-a/disk.qcow2";
  domain.serial_log = "/run/r1/slot-a/serial.log";
  domain.channels = {{"issu.bgpd", "/run/r1/slot-a/run/bgpd.vty"}};
  domain.links = {{"punt0a", "02:00:00:00:00:01"}, {"punt1a", "02:00:00:00:00:02"}};
  std::string live = domain_xml(domain);
  live.insert(live.find("<devices>") + 9, "<emulator>/usr/bin/qemu-old</emulator>");
  domain.disk = "/run/r1/slot-b/disk.qcow2";
  domain.serial_log = "/run/r1/slot-b/serial.log";
  domain.channels = {{"issu.bgpd", "/run/r1/slot-b/run/bgpd.vty"}};
  domain.links[0].tap = "punt0b";
  domain.links[1].tap = "punt1b";
  CHECK(moved_xml(live, {"/run/r1/slot-a", {"punt0a", "punt1a"}},
                  {"/run/r1/slot-b", {"punt0b", "punt1b"}}) == domain_xml(domain));
}
