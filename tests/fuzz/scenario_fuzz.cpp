#include <cstdlib>

#include "issu/drill/layout.hpp"
#include "issu/drill/scenario.hpp"
#include "tests/fuzz/memory_file.hpp"

// A drill's scenario. What is taken for good can be laid out.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace issu;
  const fuzz::MemoryFile file(data, size);
  const auto scenario = drill::load_scenario(file.path());
  if (!scenario) {
    if (scenario.error().message().empty()) {
      std::abort();
    }
    return 0;
  }
  static_cast<void>(drill::images_of(*scenario));
  static_cast<void>(drill::announced(scenario->lab.peers));
  const auto layout = drill::lay_out(scenario->lab, "drill-1", "/tmp/drill-1");
  if (layout.peers.size() != scenario->lab.peers.size()) {
    std::abort();
  }
  return 0;
}
