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

std::string disk_xml(const std::filesystem::path& file, const char* format, const char* target,
                     const std::string& more) {
  return fmt::format(
      "<disk type='file' device='disk'><driver name='qemu' type='{}'/><source file='{}'/>"
      "<target dev='{}' bus='virtio'/>{}</disk>",
      format, escaped(file.string()), target, more);
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

void replace_all(std::string& text, const std::string& old, const std::string& fresh) {
  for (std::size_t at = 0; (at = text.find(old, at)) != std::string::npos; at += fresh.size()) {
    text.replace(at, old.size(), fresh);
  }
}

}  // namespace

std::string link_xml(const GuestLink& link) {
  return fmt::format(
      "<interface type='ethernet'><mac address='{}'/><target dev='{}' managed='no'/>"
      "<model type='virtio'/><link state='{}'/></interface>",
      escaped(link.mac), escaped(link.tap), link.plugged ? "up" : "down");
}

std::vector<std::string> unsafe_under_tcg() {
  return {"cx16"};
}

std::string domain_xml(const Domain& domain) {
  const bool kvm = domain.accelerator == Accelerator::kvm;
  std::string devices = disk_xml(domain.disk, domain.disk_is_raw ? "raw" : "qcow2", "vda",
                                 domain.disk_is_raw ? "<readonly/>" : "");
  if (!domain.config_disk.empty()) {
    devices +=
        disk_xml(domain.config_disk, "raw", "vdb", "<readonly/><serial>issu-config</serial>");
  }
  char letter = domain.config_disk.empty() ? 'b' : 'c';
  for (const GuestDisk& disk : domain.more_disks) {
    devices += disk_xml(disk.file, "raw' cache='unsafe", fmt::format("vd{}", letter++).c_str(),
                        disk.read_only ? "<readonly/>" : "");
  }
  for (const GuestLink& link : domain.links) {
    devices += link_xml(link);
  }
  if (!domain.serial_log.empty()) {
    devices += fmt::format("<serial type='file'><source path='{}'/><target port='0'/></serial>",
                           escaped(domain.serial_log.string()));
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
      "unit='MiB'>{}</memory><vcpu>{}</vcpu>"
      "{}<features><acpi/></features><cpu mode='{}'>{}</cpu>"
      "<on_poweroff>destroy</on_poweroff><on_reboot>destroy</on_reboot><on_crash>destroy</on_crash>"
      "<devices>{}<memballoon model='none'/></devices></domain>",
      kvm ? "kvm" : "qemu", escaped(domain.name), uuid_of(domain.name), domain.memory_mib,
      domain.vcpus, os_xml(domain), kvm ? "host-passthrough" : "maximum", without, devices);
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
