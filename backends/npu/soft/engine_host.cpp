#include "backends/npu/soft/engine_host.hpp"

namespace issu::backends::soft {
namespace {

class NoEngine final : public EngineHost {
 public:
  Result<void> set_ports(const std::vector<ChassisTables::PortPlace>& /*ports*/) override {
    return {};
  }
  Result<std::pair<nlohmann::json, std::vector<int>>> hand_over() override {
    return std::pair(nlohmann::json::object(), std::vector<int>());
  }
  void unpin() override {}
  [[nodiscard]] nlohmann::json view() const override { return {{"name", "none"}}; }
};

}  // namespace

Result<std::unique_ptr<EngineHost>> EngineHost::start(const Settings& /*settings*/,
                                                      tables::Segment& /*segment*/,
                                                      Handover* /*heritage*/) {
  return std::make_unique<NoEngine>();
}

}  // namespace issu::backends::soft
