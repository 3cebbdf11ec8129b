// issu-criu: stands in for CRIU where liblxc calls it, and is CRIU's action script. Of both no
// more than what is in criu_hook.hpp.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "checkpoint/criu_hook_names.hpp"

namespace {

namespace hook = issu::checkpoint::hook;

/// Whether CRIU may go on; not when nobody answers.
bool ask(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path == nullptr || std::strlen(path) >= sizeof address.sun_path) {
    return false;
  }
  std::strcpy(address.sun_path, path);
  const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  char answer = hook::give_up;
  return fd >= 0 &&
         ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
         ::recv(fd, &answer, 1, 0) == 1 && answer == hook::go_on;
}

int call_criu(int count, char** words) {
  const char* program = std::getenv(hook::real_program);
  if (program == nullptr) {
    std::fprintf(stderr, "issu-criu: %s is not set; this program is called by issu\n",
                 hook::real_program);
    return 2;
  }
  const char* version = std::getenv(hook::version);
  if (count == 2 && version != nullptr && std::string_view(words[1]) == "--version") {
    std::printf("Version: %s\n", version);
    return 0;
  }
  std::vector<char*> argv;
  for (int i = 0; i < count; ++i) {
    if (std::string_view(words[i]) == "--freeze-cgroup") {
      ++i;
    } else {
      argv.push_back(words[i]);
    }
  }
  argv.push_back(nullptr);
  ::execv(program, argv.data());
  std::perror(program);
  return 127;
}

}  // namespace

int main(int argc, char** argv) {
  if (const char* action = std::getenv("CRTOOLS_SCRIPT_ACTION"); action != nullptr) {
    return std::string_view(action) != "pre-dump" || ask(std::getenv(hook::socket)) ? 0 : 1;
  }
  return call_criu(argc, argv);
}
