// issu-fibwatch FOLDER NETNS: watches the routes of the network namespace it was started in, for
// the kernel NPU driver. What it serves and when it ends: state-sync/fib_server.hpp.

#include <cstdio>
#include <cstdlib>
#include <string>

#include "state-sync/fib_server.hpp"

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fprintf(stderr,
                 "usage: issu-fibwatch FOLDER NETNS-FILE [BUFFER-BYTES]\n"
                 "A helper of the kernel NPU driver; `issu` starts it.\n");
    return 2;
  }
  issu::state_sync::FibServerOptions options;
  options.files.folder = argv[1];
  options.netns = argv[2];
  if (argc == 4) {
    options.buffer_bytes = std::atoi(argv[3]);
  }
  if (auto served = issu::state_sync::serve_fib(options); !served) {
    std::fprintf(stderr, "issu-fibwatch: %s\n", served.error().message().c_str());
    return 1;
  }
  return 0;
}
