#include "issu/device.hpp"

#include <sys/utsname.h>

#include <fstream>
#include <sstream>

namespace issu {
namespace {

namespace fs = std::filesystem;

/// These files tell no size, and some of them can't be read by everybody.
std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string trimmed(std::string text) {
  text.erase(0, text.find_first_not_of(" \t\""));
  const auto end = text.find_last_not_of(" \t\n\"");
  return end == std::string::npos ? "" : text.substr(0, end + 1);
}

/// What stands behind "KEY   :" or "KEY=" in the first line that begins so.
std::string value_of(const std::string& text, const std::string& key, char sign) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto place = line.find(sign);
    if (place != std::string::npos && trimmed(line.substr(0, place)) == key) {
      return trimmed(line.substr(place + 1));
    }
  }
  return "";
}

std::uint64_t processors(const std::string& cpuinfo) {
  std::uint64_t count = 0;
  std::istringstream lines(cpuinfo);
  for (std::string line; std::getline(lines, line);) {
    count += line.starts_with("processor") ? 1 : 0;
  }
  return count;
}

std::string model(const fs::path& root) {
  const std::string vendor = trimmed(text_of(root / "sys/class/dmi/id/sys_vendor"));
  const std::string product = trimmed(text_of(root / "sys/class/dmi/id/product_name"));
  return vendor + (vendor.empty() || product.empty() ? "" : " ") + product;
}

}  // namespace

report::Device read_device(const fs::path& root) {
  report::Device device;
  device.model = model(root);
  const std::string cpuinfo = text_of(root / "proc/cpuinfo");
  device.cpu = value_of(cpuinfo, "model name", ':');
  if (const auto count = processors(cpuinfo); count > 0) {
    device.cpus = count;
  }
  std::istringstream memory(value_of(text_of(root / "proc/meminfo"), "MemTotal", ':'));
  if (std::uint64_t kib = 0; memory >> kib) {
    device.memory_bytes = kib << 10U;
  }
  // Only that there is one: its name stands nowhere in /proc.
  const std::string flags = " " + value_of(cpuinfo, "flags", ':') + " ";
  device.hypervisor = flags.find(" hypervisor ") != std::string::npos ? "yes" : "";
  device.os = value_of(text_of(root / "etc/os-release"), "PRETTY_NAME", '=');
  utsname name{};
  if (::uname(&name) == 0) {
    device.kernel = std::string(name.sysname) + " " + name.release + " " + name.machine;
  }
  return device;
}

}  // namespace issu
