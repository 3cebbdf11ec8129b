#include "backends/card/start/kernel_ready.hpp"

#include <fcntl.h>
#include <linux/reboot.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "backends/card/places.hpp"

namespace issu::backends::card {
namespace {

void mounted(const char* what, const char* where, const char* type, unsigned long flags = 0,
             const char* options = nullptr) {
  ::mkdir(where, 0755);
  if (::mount(what, where, type, flags, options) != 0) {
    give_up(std::string("mounting ") + where + ": " + std::strerror(errno));
  }
}

/// A module that a kernel has built in, or does not take, shows by what is missing afterwards.
void load(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    (void)::syscall(SYS_finit_module, fd, "", 0);
    ::close(fd);
  }
}

void load_modules() {
  FILE* order = std::fopen("/modules/order", "re");
  if (order == nullptr) {
    give_up("no list of modules in the initrd");
  }
  char name[256];
  while (std::fgets(name, sizeof name, order) != nullptr) {
    name[std::strcspn(name, "\n")] = '\0';
    load(std::string("/modules/") + name);
  }
  std::fclose(order);
}

/// CRIU asks the kernel what it can by a connection to itself.
void loopback_up() {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  (void)::ioctl(fd, SIOCSIFFLAGS, &request);
  ::close(fd);
}

void switch_root() {
  mounted(root_disk, "/base", "ext4", MS_RDONLY);
  mounted("over", "/over", "tmpfs");
  ::mkdir("/over/upper", 0755);
  ::mkdir("/over/work", 0755);
  mounted("overlay", "/root", "overlay", 0,
          "lowerdir=/base,upperdir=/over/upper,workdir=/over/work");
  for (const char* each : {"/proc", "/sys", "/dev"}) {
    if (::mount(each, (std::string("/root") + each).c_str(), nullptr, MS_MOVE, nullptr) != 0) {
      give_up(std::string("moving ") + each + ": " + std::strerror(errno));
    }
  }
  if (::chdir("/root") != 0 || ::mount(".", "/", nullptr, MS_MOVE, nullptr) != 0 ||
      ::chroot(".") != 0 || ::chdir("/") != 0) {
    give_up(std::string("changing to the root file system: ") + std::strerror(errno));
  }
}

}  // namespace

void give_up(const std::string& what) {
  std::fprintf(stderr, "card: %s\n", what.c_str());
  ::sync();
  // Without ACPI a machine can't switch itself off. One that resets is gone: its domain says so.
  (void)::reboot(RB_AUTOBOOT);
  ::_exit(1);
}

void enter_root() {
  mounted("proc", "/proc", "proc");
  mounted("sys", "/sys", "sysfs");
  mounted("dev", "/dev", "devtmpfs");
  load_modules();
  switch_root();
  mounted("run", "/run", "tmpfs");
  mounted("pts", "/dev/pts", "devpts");
  mounted("shm", "/dev/shm", "tmpfs");
  // The freezer is one of version 1: liblxc does not find that of version 2 for a container that
  // was restored, and can't save it a second time.
  mounted("cgroup", "/sys/fs/cgroup", "tmpfs");
  mounted("cgroup", "/sys/fs/cgroup/freezer", "cgroup", 0, "freezer");
  mounted("cgroup", "/sys/fs/cgroup/unified", "cgroup2");
  mounted(config_disk, config_folder, "ext4", MS_RDONLY);
  // What was written is with the host at once, whatever becomes of the card: nothing has to be
  // flushed.
  mounted(state_disk, state_folder, "ext4", MS_NOATIME, "barrier=0");
  loopback_up();
}

}  // namespace issu::backends::card
