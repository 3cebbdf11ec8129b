#include "backends/npu/soft/settings.hpp"

#include <nlohmann/json.hpp>

#include "backends/npu/soft/soft_chassis.hpp"
#include "issu/base/file.hpp"

namespace issu::backends::soft {
namespace {

using nlohmann::json;

/// May throw nlohmann's exceptions; the caller catches them.
Settings settings_from(const json& text) {
  Settings settings;
  settings.router = text.at("router").get<std::string>();
  settings.rp_netns = text.at("rp_netns").get<std::string>();
  settings.npu_netns = text.at("npu_netns").get<std::string>();
  settings.npu.driver = "soft";
  settings.npu.engine = text.at("engine").get<std::string>();
  settings.npu.feed = text.at("feed").get<std::string>();
  settings.npu.icmp_echo = text.at("icmp_echo").get<bool>();
  settings.npu.routes = text.at("routes").get<std::uint32_t>();
  for (const json& port : text.at("ports")) {
    settings.ports.push_back({port.at("name").get<std::string>(),
                              port.at("punt").get<std::string>(),
                              port.at("addresses").get<std::vector<std::string>>()});
  }
  return settings;
}

}  // namespace

Settings settings_of(const RouterSpec& router) {
  Settings settings;
  settings.router = router.name;
  settings.rp_netns = router.netns;
  settings.npu_netns = router.npu_netns();
  settings.npu = router.npu;
  for (std::size_t n = 0; n < router.ports.size(); ++n) {
    settings.ports.push_back({router.ports[n].name, punt_name(n), router.ports[n].addresses});
  }
  return settings;
}

Result<void> save(const Settings& settings, const std::filesystem::path& file) {
  json text{{"router", settings.router},       {"rp_netns", settings.rp_netns},
            {"npu_netns", settings.npu_netns}, {"engine", settings.npu.engine},
            {"feed", settings.npu.feed},       {"icmp_echo", settings.npu.icmp_echo},
            {"routes", settings.npu.routes},   {"ports", json::array()}};
  for (const Settings::Port& port : settings.ports) {
    text["ports"].push_back(
        {{"name", port.name}, {"punt", port.punt}, {"addresses", port.addresses}});
  }
  return write_file_atomic(file, text.dump(2) + "\n");
}

Result<Settings> load_settings(const std::filesystem::path& file) {
  auto text = read_file(file, 1U << 20U);
  if (!text) {
    return fail(std::move(text).error());
  }
  try {
    return settings_from(json::parse(*text));
  } catch (const json::exception& error) {
    return fail(file.string() + " can't be read: " + error.what(),
                "`issu router up` writes it again");
  }
}

}  // namespace issu::backends::soft
