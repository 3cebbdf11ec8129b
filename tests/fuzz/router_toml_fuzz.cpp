#include <cstdlib>
#include <string>

#include "issu/config/router_config.hpp"
#include "issu/config/toml_reader.hpp"
#include "tests/fuzz/memory_file.hpp"

// router.toml, and TOML of any kind. A refusal says something; what is taken has what the rest of
// the house relies on.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace issu;
  const fuzz::MemoryFile file(data, size);
  const auto router = config::load_router(file.path());
  if (!router) {
    if (router.error().message().empty()) {
      std::abort();
    }
    return 0;
  }
  const auto& spec = router->router;
  if (spec.name.empty() || spec.name.size() > 24 || spec.name.find('/') != std::string::npos ||
      !spec.run_dir.is_absolute() || !spec.state_dir.is_absolute() || spec.ports.empty()) {
    std::abort();
  }
  return 0;
}
