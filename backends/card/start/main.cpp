// issu-card-start: process 1 of a card, and what starts its next kernel. Each line before the saved
// daemons go on is time in which their sessions are silent, and a program that has libraries to
// find takes a fifth of a second to start there: this one is static and starts as few as it can.

#include <dirent.h>
#include <linux/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>
#include <string_view>

#include "backends/card/places.hpp"
#include "backends/card/start/kernel_ready.hpp"

namespace {

namespace card = issu::backends::card;

/// A word of the kernel's command line that starts so, without that; empty when there is none.
std::string kernel_word(std::string_view start) {
  std::ifstream words("/proc/cmdline");
  std::string found;
  for (std::string word; words >> word;) {
    if (std::string_view(word).starts_with(start)) {
      found = word.substr(start.size());
    }
  }
  return found;
}

pid_t started(const char* const* words) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::execv(words[0], const_cast<char* const*>(words));
    ::_exit(127);
  }
  return child;
}

/// The daemons of the kernel before go on.
void resume(const std::string& slot) {
  const char* words[] = {card::card_program, "resume", slot.c_str(), nullptr};
  const pid_t child = started(words);
  int status = 0;
  while (::waitpid(child, &status, 0) != child) {
    if (errno != EINTR) {
      return;
    }
  }
}

/// The guest agent at its virtio-serial port, which is found by its name.
void start_agent() {
  DIR* ports = ::opendir("/sys/class/virtio-ports");
  while (const dirent* each = ports != nullptr ? ::readdir(ports) : nullptr) {
    std::string name;
    std::ifstream(std::string("/sys/class/virtio-ports/") + each->d_name + "/name") >> name;
    if (name == "org.qemu.guest_agent.0") {
      const std::string device = std::string("/dev/") + each->d_name;
      const char* words[] = {"/usr/sbin/qemu-ga",
                             "-m",
                             "virtio-serial",
                             "-p",
                             device.c_str(),
                             "-t",
                             "/run",
                             "-d",
                             "-f",
                             "/run/qemu-ga.pid",
                             nullptr};
      (void)started(words);
    }
  }
  if (ports != nullptr) {
    ::closedir(ports);
  }
}

[[noreturn]] void be_process_1() {
  ::umask(022);
  card::enter_root();
  ::setenv("PATH", "/usr/sbin:/usr/bin", 1);
  if (const std::string slot = kernel_word(card::resume_word); !slot.empty()) {
    resume(slot);
  }
  start_agent();
  utsname names{};
  ::uname(&names);
  timespec since{};
  ::clock_gettime(CLOCK_BOOTTIME, &since);
  std::printf("card up: %s, %lld.%02ld s\n", names.release, static_cast<long long>(since.tv_sec),
              since.tv_nsec / 10'000'000);
  std::fflush(stdout);
  // Orphans end up here.
  for (;;) {
    if (::waitpid(-1, nullptr, 0) < 0) {
      ::sleep(1);
    }
  }
}

/// From the kernel of this slot, whose state is saved, into the one that was loaded; does not come
/// back. What is mounted is on its disk since it was saved; nothing of this kernel is needed.
int jump(const std::string& from) {
  const std::string here = kernel_word(card::slot_word);
  if (here != from ||
      ::access((std::string(card::state_folder) + "/run/saved-" + from + "/network").c_str(),
               F_OK) != 0) {
    std::fprintf(stderr, "the card runs under the kernel of slot %s, or nothing of it is saved\n",
                 here.c_str());
    return 1;
  }
  (void)::syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC,
                  nullptr);
  std::fprintf(stderr, "starting the loaded kernel: %s; `prepare_save` loads it\n",
               std::strerror(errno));
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (::getpid() == 1) {
    be_process_1();
  }
  if (argc == 3 && std::string_view(argv[1]) == "jump") {
    return jump(argv[2]);
  }
  std::fputs("usage: issu-card-start jump SLOT, in a card; its process 1 takes no words\n", stderr);
  return 2;
}
