#include "backends/lxc/cgroups.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "issu/base/clock.hpp"

namespace issu::backends::lxc {
namespace {

std::vector<std::filesystem::path> hierarchies() {
  std::vector<std::filesystem::path> roots;
  std::ifstream mounts("/proc/self/mounts");
  std::string line;
  while (std::getline(mounts, line)) {
    std::istringstream words(line);
    std::string device;
    std::string target;
    std::string type;
    words >> device >> target >> type;
    if (type == "cgroup" || type == "cgroup2") {
      roots.emplace_back(target);
    }
  }
  return roots;
}

/// The groups of a hierarchy that `is_ours` names, wherever liblxc put them: beside the group that
/// we were in ourselves, so not always at the root. Deepest first.
template <typename Wanted>
std::vector<std::filesystem::path> find_groups(const std::filesystem::path& root, Wanted is_ours) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator
           entry(root, std::filesystem::directory_options::skip_permission_denied, error),
       end;
       !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (!entry->is_directory(ignored)) {
      continue;
    }
    for (auto path = entry->path(); path != root; path = path.parent_path()) {
      if (is_ours(path.filename().string())) {
        found.push_back(entry->path());
        break;
      }
    }
  }
  std::reverse(found.begin(), found.end());
  return found;
}

bool remove_all(const std::vector<std::filesystem::path>& groups) {
  bool gone = true;
  for (const auto& group : groups) {
    gone = (::rmdir(group.c_str()) == 0 || errno == ENOENT) && gone;
  }
  return gone;
}

}  // namespace

Result<void> remove_cgroups(const std::string& container) {
  const auto own = [&](const std::string& name) {
    // A name that is taken gets a number behind it.
    for (const char* kind : {"lxc.payload.", "lxc.monitor."}) {
      const std::string base = kind + container;
      if (name == base ||
          (name.starts_with(base + "-") &&
           name.find_first_not_of("0123456789", base.size() + 1) == std::string::npos)) {
        return true;
      }
    }
    return false;
  };
  for (const auto& root : hierarchies()) {
    const bool gone = wait_until([&] { return remove_all(find_groups(root, own)); },
                                 Deadline::in(std::chrono::seconds(5)));
    if (!gone) {
      return fail("a cgroup of the container " + container + " below " + root.string() +
                      " cannot be removed",
                  "a process is still in it: see its cgroup.procs");
    }
    remove_all(find_groups(root, [](const std::string& name) { return name == "lxc.pivot"; }));
  }
  return {};
}

std::string unified_group_of(pid_t pid) {
  std::ifstream lines("/proc/" + std::to_string(pid) + "/cgroup");
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0::/")) {
      return line.substr(3);
    }
  }
  return {};
}

}  // namespace issu::backends::lxc
