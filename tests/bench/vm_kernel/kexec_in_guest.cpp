// Runs in a guest: `load KERNEL INITRD COMMAND-LINE`, then `go`. kexec-tools, the usual program, is
// not in the guests' images.
#include <fcntl.h>
#include <linux/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string_view>

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "load" && argc == 5) {
    const int kernel = ::open(argv[2], O_RDONLY | O_CLOEXEC);
    const int initrd = ::open(argv[3], O_RDONLY | O_CLOEXEC);
    if (::syscall(SYS_kexec_file_load, kernel, initrd, std::strlen(argv[4]) + 1, argv[4], 0UL) ==
        0) {
      return 0;
    }
  } else if (verb == "go") {
    ::syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC,
              nullptr);
  }
  std::perror(argc > 1 ? argv[1] : "usage");
  return 1;
}
