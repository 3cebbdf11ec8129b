#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "backends/npu/soft/chassis_tables.hpp"
#include "backends/npu/soft/settings.hpp"
#include "issu/base/fd.hpp"
#include "state-sync/tables/tables.hpp"

namespace issu::backends::soft {

/// What one npud hands to the next: descriptors, and words that say which is which.
struct Handover {
  nlohmann::json words;
  std::vector<Fd> fds;
};

/// The engine of the settings, with its ports. Its threads end with it.
class EngineHost {
 public:
  /// `heritage`: of the npud before, nullptr when there was none.
  static Result<std::unique_ptr<EngineHost>> start(const Settings& settings,
                                                   tables::Segment& segment, Handover* heritage);
  virtual ~EngineHost() = default;

  /// Takes ports in and lets others go; those that stay never stop.
  virtual Result<void> set_ports(const std::vector<ChassisTables::PortPlace>& ports) = 0;
  /// Stops at once and gives what the next one goes on with; frames wait in the sockets meanwhile.
  /// The descriptors are still this one's.
  virtual Result<std::pair<nlohmann::json, std::vector<int>>> hand_over() = 0;
  /// Takes away what would outlive npud.
  virtual void unpin() = 0;
  [[nodiscard]] virtual nlohmann::json view() const = 0;
};

}  // namespace issu::backends::soft
