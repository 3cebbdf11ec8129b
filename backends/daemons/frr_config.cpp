#include "backends/daemons/frr_config.hpp"

#include <algorithm>
#include <vector>

#include "backends/daemons/frr_vty.hpp"

namespace issu::backends {

Result<std::string> frr_running_config(const std::filesystem::path& folder,
                                       std::chrono::milliseconds timeout) {
  const Deadline deadline = Deadline::in(timeout);
  std::vector<std::filesystem::path> sockets;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".vty") {
      sockets.push_back(entry.path());
    }
  }
  if (sockets.empty()) {
    return fail("no FRR daemon has a vty socket in " + folder.string());
  }
  std::sort(sockets.begin(), sockets.end());
  std::string all;
  for (const auto& socket : sockets) {
    FrrVty vty(socket);
    auto text = vty.ask("show running-config", std::chrono::milliseconds(deadline.left_ms()));
    if (!text) {
      return pass(std::move(text).error(),
                  "asking " + socket.stem().string() + " for its configuration");
    }
    all += *text + "\n";
  }
  return all;
}

}  // namespace issu::backends
