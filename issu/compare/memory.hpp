#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace issu::compare {

/// Bytes behind a key of /proc/meminfo or smaps_rollup ("Pss:   123 kB"). No value: not there.
[[nodiscard]] std::optional<std::uint64_t> bytes_of(const std::string& text,
                                                    const std::string& key);

/// What the machine could give to new processes without swapping (MemAvailable).
[[nodiscard]] std::optional<std::uint64_t> available_memory(
    const std::filesystem::path& proc = "/proc");

/// A process that is there for one container or one virtual machine.
struct Resident {
  pid_t pid = 0;
  std::string name;                  ///< /proc/PID/comm
  std::optional<std::uint64_t> pss;  ///< what is shared is counted in parts, by its users
  std::optional<std::uint64_t> rss;
};

/// Those of the container or machine of this name ("issu-edge1-a"): in a control group of that
/// name, or with it in their command line (QEMU, LXC's monitor). The name is not taken for a part
/// of a longer one.
[[nodiscard]] std::vector<Resident> residents_of(const std::string& name,
                                                 const std::filesystem::path& proc = "/proc");

/// The sum of their shares. No value where there is none, or where one of them does not say.
[[nodiscard]] std::optional<std::uint64_t> pss_of(const std::vector<Resident>& residents);

/// What QEMU of the machine of this name runs on, by its command line: "tcg", "kvm". Empty: there
/// is no such QEMU, or it does not say.
[[nodiscard]] std::string accelerator_of(const std::string& name,
                                         const std::filesystem::path& proc = "/proc");
/// Whether that QEMU was given a device of the host's (VFIO). No value: there is no such QEMU.
[[nodiscard]] std::optional<bool> has_host_device(const std::string& name,
                                                  const std::filesystem::path& proc = "/proc");

}  // namespace issu::compare
