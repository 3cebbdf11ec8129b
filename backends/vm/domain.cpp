#include "backends/vm/domain.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace issu::backends::vm {
std::string escaped(const std::string& text) {
  std::string out;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&apos;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += letter;
    }
  }
  return out;
}

namespace {

/// The same for the same name (RFC 9562, version 8), so that a machine can be defined once more.
std::string uuid_of(const std::string& name) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  ::EVP_Digest(name.data(), name.size(), digest.data(), nullptr, ::EVP_sha256(), nullptr);
  digest[6] = static_cast<unsigned char>(0x80U | (digest[6] & 0x0fU));
  digest[8] = static_cast<unsigned char>(0x80U | (digest[8] & 0x3fU));
  std::string text;
  for (std::size_t n = 0; n < 16; ++n) {
    text += fmt::format("{}{:02x}", n == 4 || n == 6 || n == 8 || n == 10 ? "-" : "", digest[n]);
  }
  return text;
}

/// Places on the first bus of a machine of QEMU's type q35. Left to itself, libvirt puts each
/// device behind a bridge of its own, so that it can be pulled out of a running machine; a kernel
/// takes a fifth of its start to look at these bridges, and nothing is ever pulled out of ours.
class FirstBus {
 public:
  explicit FirstBus(const std::string& machine)
      : there_(machine.find("q35") != std::string::npos) {}

  /// The next place, for the inside of a device; empty, which leaves it to libvirt, where there is
  /// none left.
  std::string next() {
    // 0 is the bridge to the processor, 1 the place of a screen, 31 the chipset.
    if (!there_ || slot_ > 30) {
      return {};
    }
    return fmt::format(
        "<address type='pci' domain='0x0000' bus='0x00' slot='0x{:02x}' function='0x0'/>", slot_++);
  }

 private:
  bool there_;
  unsigned slot_ = 2;
};

std::string disk_xml(const std::filesystem::path& file, const char* format, const char* target,
                     const std::string& more, FirstBus& bus) {
  return fmt::format(
      "<disk type='file' device='disk'><driver name='qemu' type='{}'/><source file='{}'/>"
      "<target dev='{}' bus='virtio'/>{}{}</disk>",
      format, escaped(file.string()), target, more, bus.next());
}

/// From what it boots. A firmware that finds nothing would say so and stand still for ever: it
/// is told to reset at once, and a machine that resets is gone.
std::string os_xml(const Domain& domain) {
  std::string text =
      fmt::format("<os><type arch='x86_64' machine='{}'>hvm</type>", escaped(domain.machine));
  if (domain.boot) {
    text += fmt::format("<kernel>{}</kernel>", escaped(domain.boot->kernel.string()));
    if (!domain.boot->initrd.empty()) {
      text += fmt::format("<initrd>{}</initrd>", escaped(domain.boot->initrd.string()));
    }
    text += fmt::format("<cmdline>{}</cmdline>", escaped(domain.boot->words));
  }
  text += "<boot dev='hd'/>";
  text += fmt::format("<bios{} rebootTimeout='0'/></os>",
                      domain.serial_log.empty() ? "" : " useserial='yes'");
  return text;
}

/// QEMU's other threads go where they like: they serve devices.
std::string pins_xml(const Domain& domain) {
  std::string pins;
  for (std::uint32_t n = 0; n < domain.vcpus && !domain.cpus.empty(); ++n) {
    pins += fmt::format("<vcpupin vcpu='{}' cpuset='{}'/>", n, escaped(domain.cpus));
  }
  return pins.empty() ? pins : "<cputune>" + pins + "</cputune>";
}

void replace_all(std::string& text, const std::string& old, const std::string& fresh) {
  for (std::size_t at = 0; (at = text.find(old, at)) != std::string::npos; at += fresh.size()) {
    text.replace(at, old.size(), fresh);
  }
}

}  // namespace

std::string link_xml(const GuestLink& link, const std::string& place) {
  return fmt::format(
      "<interface type='ethernet'><mac address='{}'/><target dev='{}' managed='no'/>"
      "<model type='virtio'/><link state='{}'/>{}</interface>",
      escaped(link.mac), escaped(link.tap), link.plugged ? "up" : "down", place);
}

std::vector<std::string> unsafe_under_tcg() {
  return {"cx16"};
}

std::string domain_xml(const Domain& domain) {
  const bool kvm = domain.accelerator == Accelerator::kvm;
  FirstBus bus(domain.machine);
  // Nobody sits at it.
  std::string devices = "<controller type='usb' model='none'/>";
  devices += disk_xml(domain.disk, domain.disk_is_raw ? "raw" : "qcow2", "vda",
                      domain.disk_is_raw ? "<readonly/>" : "", bus);
  if (!domain.config_disk.empty()) {
    devices +=
        disk_xml(domain.config_disk, "raw", "vdb", "<readonly/><serial>issu-config</serial>", bus);
  }
  char letter = domain.config_disk.empty() ? 'b' : 'c';
  for (const GuestDisk& disk : domain.more_disks) {
    devices += disk_xml(disk.file, "raw' cache='unsafe", fmt::format("vd{}", letter++).c_str(),
                        disk.read_only ? "<readonly/>" : "", bus);
  }
  for (const GuestLink& link : domain.links) {
    devices += link_xml(link, bus.next());
  }
  if (!domain.serial_log.empty()) {
    devices += fmt::format("<serial type='file'><source path='{}'/><target port='0'/></serial>",
                           escaped(domain.serial_log.string()));
  }
  if (domain.agent || !domain.channels.empty()) {
    devices += "<controller type='virtio-serial' index='0'>" + bus.next() + "</controller>";
  }
  for (const GuestChannel& channel : domain.channels) {
    devices += fmt::format(
        "<channel type='unix'><source mode='bind' path='{}'/>"
        "<target type='virtio' name='{}'/></channel>",
        escaped(channel.socket.string()), escaped(channel.name));
  }
  if (domain.agent) {
    devices +=
        "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>";
  }
  std::string without;
  for (const std::string& feature : domain.without) {
    without += fmt::format("<feature policy='disable' name='{}'/>", escaped(feature));
  }
  return fmt::format(
      "<domain type='{}'><name>{}</name><uuid>{}</uuid><memory "
      "unit='MiB'>{}</memory><vcpu>{}</vcpu>{}"
      "{}<features><acpi/></features><cpu mode='{}'>{}</cpu>"
      "<on_poweroff>destroy</on_poweroff><on_reboot>destroy</on_reboot><on_crash>destroy</on_crash>"
      "<devices>{}<memballoon model='none'/></devices></domain>",
      kvm ? "kvm" : "qemu", escaped(domain.name), uuid_of(domain.name), domain.memory_mib,
      domain.vcpus, pins_xml(domain), os_xml(domain), kvm ? "host-passthrough" : "maximum", without,
      devices);
}

std::string plugged_xml(std::string xml, bool plugged) {
  const std::string up = "<link state='up'/>";
  const std::string down = "<link state='down'/>";
  replace_all(xml, plugged ? down : up, plugged ? up : down);
  return xml;
}

std::string moved_xml(std::string xml, const HostEnds& from, const HostEnds& to) {
  replace_all(xml, "='" + escaped(from.folder.string()) + "/",
              "='" + escaped(to.folder.string()) + "/");
  replace_all(xml, ">" + escaped(from.folder.string()) + "/",
              ">" + escaped(to.folder.string()) + "/");
  for (std::size_t n = 0; n < std::min(from.taps.size(), to.taps.size()); ++n) {
    replace_all(xml, "dev='" + escaped(from.taps[n]) + "'", "dev='" + escaped(to.taps[n]) + "'");
  }
  const std::string open = "<emulator>";
  const std::string close = "</emulator>";
  const std::size_t begin = xml.find(open);
  const std::size_t end = begin == std::string::npos ? begin : xml.find(close, begin);
  if (end != std::string::npos) {
    xml.erase(begin, end + close.size() - begin);
  }
  return xml;
}

}  // namespace issu::backends::vm
