#include "backends/lxc/same_programs.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "backends/lxc/pid_namespace.hpp"
#include "backends/lxc/rootfs.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"

namespace issu::backends::lxc {
namespace {

namespace fs = std::filesystem;

/// The paths of the files that a process has mapped, as it sees them.
void add_mapped(pid_t pid, std::set<std::string>& paths) {
  std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
  for (std::string line; std::getline(maps, line);) {
    if (const auto at = line.find('/'); at != std::string::npos) {
      paths.insert(line.substr(at));
    }
  }
}

std::string difference(const fs::path& ours, const fs::path& theirs) {
  struct stat here {};
  struct stat there {};
  if (::lstat(theirs.c_str(), &there) != 0) {
    return "is not in the new image";
  }
  if (::lstat(ours.c_str(), &here) != 0 || here.st_mode != there.st_mode ||
      here.st_size != there.st_size) {
    return "differs in the new image";
  }
  std::ifstream left(ours, std::ios::binary);
  std::ifstream right(theirs, std::ios::binary);
  std::vector<char> left_block(1U << 18U);
  std::vector<char> right_block(1U << 18U);
  while (left && right) {
    left.read(left_block.data(), static_cast<std::streamsize>(left_block.size()));
    right.read(right_block.data(), static_cast<std::streamsize>(right_block.size()));
    if (left.gcount() != right.gcount() ||
        !std::equal(left_block.begin(), left_block.begin() + left.gcount(), right_block.begin())) {
      return "differs in the new image";
    }
  }
  return left.eof() && right.eof() ? "" : "can't be read whole";
}

/// In a process of its own: what it mounts is gone when it ends.
std::string compare_here(const std::set<std::string>& paths, const fs::path& image,
                         const fs::path& payload) {
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("issu-compare", "/mnt", "tmpfs", 0, "size=1m") != 0) {
    return "mounts of our own can't be made: " + Error::from_errno("mount", errno).what();
  }
  if (auto mounted = mount_squashfs(payload, "/mnt"); !mounted) {
    return mounted.error().message();
  }
  for (const std::string& path : paths) {
    const fs::path ours = image / path.substr(1);
    if (!fs::exists(ours)) {
      continue;  // not of the image: a file that it wrote itself, or process 1
    }
    if (const std::string said = difference(ours, fs::path("/mnt") / path.substr(1));
        !said.empty()) {
      return path + " " + said;
    }
  }
  return {};
}

}  // namespace

Result<void> compare_programs(pid_t init_pid, const fs::path& image, const fs::path& payload) {
  std::set<std::string> paths;
  for (const InnerProcess& process : processes_beside(init_pid)) {
    add_mapped(process.host_pid, paths);
  }
  if (paths.empty()) {
    return fail("the daemons' programs can't be read from /proc");
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return fail_errno("making a pipe");
  }
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) {
    return fail_errno("forking to compare programs");
  }
  if (child == 0) {
    const std::string said = compare_here(paths, image, payload).substr(0, 2000);
    const bool told = ::write(write_end.get(), said.data(), said.size()) >= 0;
    ::_exit(told ? 0 : 1);
  }
  write_end.reset();
  char said[2048];
  ssize_t count = 0;
  std::string difference;
  while ((count = ::read(read_end.get(), said, sizeof said)) > 0) {
    difference.append(said, static_cast<std::size_t>(count));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return fail("the programs of both images could not be compared");
  }
  if (!difference.empty()) {
    return fail(difference, "daemons go on over the same programs only: use the strategy restart");
  }
  return {};
}

}  // namespace issu::backends::lxc
