#include "issu/base/ns_holder.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "issu/base/fd.hpp"

namespace issu {
namespace {

constexpr long nsfs_magic = 0x6e736673;

[[noreturn]] void hold(const std::function<int()>& work, int told, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int error_number = ::getppid() == parent ? work() : ESRCH;
  if (::write(told, &error_number, sizeof error_number) != sizeof error_number ||
      error_number != 0) {
    ::_exit(1);
  }
  // Changed credentials clear the signal.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  while (::getppid() == parent) {
    ::pause();
  }
  ::_exit(0);
}

}  // namespace

Result<NsHolder> NsHolder::start(const std::string& what, const std::function<int()>& work) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return fail_errno("making a pipe");
  }
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    return fail_errno("forking for " + what);
  }
  if (pid == 0) {
    hold(work, write_end.get(), parent);
  }
  NsHolder holder(pid);
  write_end.reset();
  int error_number = 0;
  if (::read(read_end.get(), &error_number, sizeof error_number) != sizeof error_number) {
    return fail(what + ": the child for it ended");
  }
  if (error_number != 0) {
    return fail(Error::from_errno(what, error_number));
  }
  return holder;
}

NsHolder::NsHolder(NsHolder&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}

NsHolder::~NsHolder() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

std::filesystem::path NsHolder::ns(const std::string& kind) const {
  return "/proc/" + std::to_string(pid_) + "/ns/" + kind;
}

Result<void> NsHolder::keep(const std::string& kind, const std::filesystem::path& path) const {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0444));
  if (!file) {
    return fail_errno("creating " + path.string());
  }
  if (::mount(ns(kind).c_str(), path.c_str(), "none", MS_BIND, nullptr) != 0) {
    return fail_errno("mounting the " + kind + " namespace on " + path.string());
  }
  return {};
}

bool is_kept_ns(const std::filesystem::path& path) {
  struct statfs status {};
  return ::statfs(path.c_str(), &status) == 0 && status.f_type == nsfs_magic;
}

Result<void> forget_ns(const std::filesystem::path& path) {
  if (is_kept_ns(path) && ::umount2(path.c_str(), MNT_DETACH) != 0) {
    return fail_errno("unmounting " + path.string());
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return fail_errno("removing " + path.string());
  }
  return {};
}

}  // namespace issu
