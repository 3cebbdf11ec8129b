#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "backends/npu/soft/engine/polices.hpp"
#include "backends/spec.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::soft {

/// What npud has to know; the driver writes it down before it starts npud.
struct Settings {
  struct Port {
    std::string name;                    ///< in both namespaces
    std::array<std::string, 2> punts;    ///< the punt interfaces by slot, in the NPU's namespace
    std::vector<std::string> addresses;  ///< "192.0.2.1/24"
  };
  std::string router;
  std::string rp_netns;   ///< names under /run/netns
  std::string npu_netns;  ///< npud is started in it
  NpuSpec npu;
  std::vector<Port> ports;
  /// Where the slots say their routes, by slot; empty: on the network of rp_netns.
  std::array<std::filesystem::path, 2> feeds;
};

[[nodiscard]] Settings settings_of(const RouterSpec& router);

/// The engines' policers of these rates.
[[nodiscard]] Polices polices_of(const PuntRates& rates);

Result<void> save(const Settings& settings, const std::filesystem::path& file);
Result<Settings> load_settings(const std::filesystem::path& file);

}  // namespace issu::backends::soft
