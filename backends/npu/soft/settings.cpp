#include "backends/npu/soft/settings.hpp"

#include <nlohmann/json.hpp>

#include "backends/npu/soft/soft_chassis.hpp"
#include "issu/base/file.hpp"

namespace issu::backends::soft {
namespace {

using nlohmann::json;

json rate_words(const PuntRate& rate) {
  return {{"per_second", rate.per_second}, {"burst", rate.burst}};
}

PuntRate rate_from(const json& words, const char* key, const PuntRate& fallback) {
  const json rate = words.value(key, json::object());
  return {rate.value("per_second", fallback.per_second), rate.value("burst", fallback.burst)};
}

json punt_words(const PuntRates& rates) {
  return {{"neighbour", rate_words(rates.neighbour)},
          {"control", rate_words(rates.control)},
          {"exception", rate_words(rates.exception)}};
}

/// What an older program wrote has no rates: those that it had.
PuntRates punt_from(const json& text) {
  const json words = text.value("punt", json::object());
  const PuntRates usual;
  return {rate_from(words, "neighbour", usual.neighbour),
          rate_from(words, "control", usual.control),
          rate_from(words, "exception", usual.exception)};
}

/// An older program wrote one name, for both slots.
std::array<std::string, 2> punts_from(const json& words) {
  if (words.is_string()) {
    return {words.get<std::string>(), words.get<std::string>()};
  }
  return words.get<std::array<std::string, 2>>();
}

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
  settings.npu.punt = punt_from(text);
  settings.npu.punt_links = text.value("taps", false) ? PuntLinks::taps : PuntLinks::shared;
  for (std::size_t slot = 0; text.contains("feeds") && slot < settings.feeds.size(); ++slot) {
    settings.feeds[slot] = text.at("feeds").at(slot).get<std::string>();
  }
  for (const json& port : text.at("ports")) {
    settings.ports.push_back({port.at("name").get<std::string>(), punts_from(port.at("punt")),
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
  if (router.npu.punt_links == PuntLinks::taps) {
    settings.feeds = {router.feed_socket(Slot::a), router.feed_socket(Slot::b)};
  }
  for (std::size_t n = 0; n < router.ports.size(); ++n) {
    settings.ports.push_back(
        {router.ports[n].name, punt_names(router, n), router.ports[n].addresses});
  }
  return settings;
}

Polices polices_of(const PuntRates& rates) {
  Polices polices{};
  polices[NPU_CLASS_NEIGHBOUR] = police_of(rates.neighbour.per_second, rates.neighbour.burst);
  polices[NPU_CLASS_CONTROL] = police_of(rates.control.per_second, rates.control.burst);
  polices[NPU_CLASS_EXCEPTION] = police_of(rates.exception.per_second, rates.exception.burst);
  return polices;
}

Result<void> save(const Settings& settings, const std::filesystem::path& file) {
  json text{{"router", settings.router},
            {"rp_netns", settings.rp_netns},
            {"npu_netns", settings.npu_netns},
            {"engine", settings.npu.engine},
            {"feed", settings.npu.feed},
            {"icmp_echo", settings.npu.icmp_echo},
            {"routes", settings.npu.routes},
            {"punt", punt_words(settings.npu.punt)},
            {"taps", settings.npu.punt_links == PuntLinks::taps},
            {"feeds", {settings.feeds[0].string(), settings.feeds[1].string()}},
            {"ports", json::array()}};
  for (const Settings::Port& port : settings.ports) {
    text["ports"].push_back(
        {{"name", port.name}, {"punt", port.punts}, {"addresses", port.addresses}});
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
