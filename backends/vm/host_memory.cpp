#include "backends/vm/host_memory.hpp"

#include <fmt/format.h>

#include <sstream>

namespace issu::backends::vm {

std::optional<std::uint64_t> available_mib(const std::string& meminfo) {
  std::istringstream lines(meminfo);
  std::string key;
  std::uint64_t kib = 0;
  for (std::string rest; lines >> key >> kib && std::getline(lines, rest);) {
    if (key == "MemAvailable:") {
      return kib >> 10U;
    }
  }
  return std::nullopt;
}

Result<void> room_for_second(std::uint64_t memory_mib, std::optional<std::uint64_t> available) {
  const std::uint64_t each = memory_mib + qemu_itself_mib;
  if (!available || *available >= each) {
    return {};
  }
  return fail(
      fmt::format("two machines side by side take {} MiB ({} MiB and {} MiB for QEMU each); "
                  "one runs, the second needs {} MiB and {} MiB are available",
                  2 * each, memory_mib, qemu_itself_mib, each, *available),
      "make room, or give the machines less ([vm] memory_mib)");
}

}  // namespace issu::backends::vm
