#include "backends/lxc/pid_namespace.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>

namespace issu::backends::lxc {
namespace {

ino_t namespace_of(const std::string& pid) {
  struct stat status {};
  return ::stat(("/proc/" + pid + "/ns/pid").c_str(), &status) == 0 ? status.st_ino : 0;
}

/// The last number of NSpid, 0 for a zombie or a process that is gone.
pid_t inner_pid_of(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/status");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("State:") && line.find_first_of("ZX") != std::string::npos) {
      return 0;
    }
    if (line.starts_with("NSpid:")) {
      const auto start = line.find_last_of(" \t") + 1;
      pid_t inner = 0;
      std::from_chars(line.data() + start, line.data() + line.size(), inner);
      return inner;
    }
  }
  return 0;
}

}  // namespace

std::vector<InnerProcess> processes_beside(pid_t init_pid) {
  std::vector<InnerProcess> processes;
  const ino_t wanted = init_pid > 0 ? namespace_of(std::to_string(init_pid)) : 0;
  if (wanted == 0) {
    return processes;
  }
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename();
    pid_t pid = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (read.ec != std::errc() || read.ptr != name.data() + name.size() || pid == init_pid ||
        namespace_of(name) != wanted) {
      continue;
    }
    if (const pid_t inner = inner_pid_of(name); inner != 0) {
      processes.push_back({pid, inner});
    }
  }
  return processes;
}

std::optional<std::uint64_t> memory_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  if (!(file >> size >> resident)) {
    return std::nullopt;
  }
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace issu::backends::lxc
