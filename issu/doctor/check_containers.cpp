#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "issu/base/file.hpp"
#include "issu/doctor/checks.hpp"

namespace issu::doctor {
namespace {

struct CgroupMounts {
  std::string v1;  ///< its freezer, or the first hierarchy
  std::string v2;
  std::string controllers;  ///< of v1
};

Result<CgroupMounts> cgroup_mounts() {
  auto mounts = read_file("/proc/self/mounts");
  if (!mounts) {
    return fail(std::move(mounts).error());
  }
  CgroupMounts found;
  std::istringstream lines(*mounts);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string device;
    std::string place;
    std::string type;
    words >> device >> place >> type;
    if (type == "cgroup2") {
      found.v2 = place;
    } else if (type == "cgroup") {
      const std::string name = std::filesystem::path(place).filename();
      found.controllers += (found.controllers.empty() ? "" : " ") + name;
      if (found.v1.empty() || name == "freezer") {
        found.v1 = place;
      }
    }
  }
  return found;
}

/// A group of our own can be made and taken away again.
Result<void> writable(const std::string& hierarchy) {
  const std::string group = hierarchy + "/issu-doctor";
  if (::mkdir(group.c_str(), 0755) != 0 && errno != EEXIST) {
    return fail_errno("making a group in " + hierarchy);
  }
  if (::rmdir(group.c_str()) != 0) {
    return fail_errno("removing " + group);
  }
  return {};
}

Result<std::string> try_cgroups() {
  auto found = cgroup_mounts();
  if (!found) {
    return fail(std::move(found).error());
  }
  if (found->v1.empty() && found->v2.empty()) {
    return fail("no cgroup hierarchy is mounted");
  }
  for (const std::string& hierarchy : {found->v1, found->v2}) {
    if (!hierarchy.empty()) {
      ISSU_TRY(writable(hierarchy), "cgroups");
    }
  }
  if (found->v1.empty()) {
    auto controllers = read_file(found->v2 + "/cgroup.controllers").value_or("");
    while (!controllers.empty() && controllers.back() == '\n') {
      controllers.pop_back();
    }
    return "v2 (" + controllers + ")";
  }
  return (found->v2.empty() ? "v1 (" : "hybrid, v1 (") + found->controllers + ")";
}

/// Loaded in the trial's process only: the doctor runs where liblxc is missing, too.
Result<std::string> try_liblxc() {
  void* library = ::dlopen("liblxc.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return fail(::dlerror());
  }
  using Version = const char* (*)();
  const auto version = reinterpret_cast<Version>(::dlsym(library, "lxc_get_version"));
  if (version == nullptr) {
    return fail("liblxc.so.1 has no lxc_get_version");
  }
  return std::string(version());
}

}  // namespace

std::vector<Capability> check_containers(const Options& options) {
  Capability cgroups{"cgroup",
                     "cgroups",
                     Present::unknown,
                     "",
                     "containers and freezing them",
                     "mount cgroup2 on /sys/fs/cgroup, writable",
                     {"lxc"}};
  Capability liblxc{"liblxc", "liblxc",          Present::unknown,
                    "",       "the backend lxc", "apt-get install liblxc1 lxc",
                    {"lxc"}};
  return {tried(std::move(cgroups), try_cgroups, options),
          tried(std::move(liblxc), try_liblxc, options)};
}

}  // namespace issu::doctor
