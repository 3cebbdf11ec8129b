#include "checkpoint/archive/manifest.hpp"

#include <nlohmann/json.hpp>

namespace issu::archive {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

template <typename T>
ordered_json or_null(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

template <typename T>
void get(const json& from, const char* key, T& value) {
  if (const auto found = from.find(key); found != from.end() && !found->is_null()) {
    value = found->get<T>();
  }
}

template <typename T>
void get(const json& from, const char* key, std::optional<T>& value) {
  if (const auto found = from.find(key); found != from.end() && !found->is_null()) {
    value = found->get<T>();
  }
}

json part(const json& from, const char* key) {
  const auto found = from.find(key);
  return found != from.end() && found->is_object() ? *found : json::object();
}

}  // namespace

ordered_json to_json(const Manifest& manifest) {
  const Manifest& m = manifest;
  ordered_json links = ordered_json::array();
  for (const Link& link : m.chassis.links) {
    links.push_back({{"name", link.name}, {"index", link.index}, {"address", link.address}});
  }
  return {{"program", m.program},
          {"made", m.made},
          {"router", m.router},
          {"slot", m.slot},
          {"suite", {{"name", m.suite}, {"version", m.suite_version}, {"daemons", m.daemons}}},
          {"image",
           {{"version", m.image.version},
            {"compatible", m.image.compatible},
            {"kind", m.image.kind},
            {"sha256", m.image.sha256}}},
          {"machine",
           {{"host", m.machine.host},
            {"architecture", m.machine.architecture},
            {"kernel", m.machine.kernel},
            {"criu_version", m.machine.criu}}},
          {"npu", {{"driver", m.npu_driver}, {"snapshot", m.npu_snapshot}}},
          {"sessions", {{"known", or_null(m.sessions)}, {"established", or_null(m.established)}}},
          {"routes", or_null(m.routes)},
          {"conditioner", m.conditions},
          {"chassis", {{"links", links}, {"nexthops", m.chassis.nexthops}}},
          {"dark_ms", or_null(m.dark_ms)}};
}

Result<Manifest> manifest_from(const json& from) {
  Manifest m;
  try {
    get(from, "program", m.program);
    get(from, "made", m.made);
    get(from, "router", m.router);
    get(from, "slot", m.slot);
    const json suite = part(from, "suite");
    get(suite, "name", m.suite);
    get(suite, "version", m.suite_version);
    get(suite, "daemons", m.daemons);
    const json image = part(from, "image");
    get(image, "version", m.image.version);
    get(image, "compatible", m.image.compatible);
    get(image, "kind", m.image.kind);
    get(image, "sha256", m.image.sha256);
    const json machine = part(from, "machine");
    get(machine, "host", m.machine.host);
    get(machine, "architecture", m.machine.architecture);
    get(machine, "kernel", m.machine.kernel);
    get(machine, "criu_version", m.machine.criu);
    const json npu = part(from, "npu");
    get(npu, "driver", m.npu_driver);
    get(npu, "snapshot", m.npu_snapshot);
    const json sessions = part(from, "sessions");
    get(sessions, "known", m.sessions);
    get(sessions, "established", m.established);
    get(from, "routes", m.routes);
    get(from, "conditioner", m.conditions);
    const json chassis = part(from, "chassis");
    get(chassis, "nexthops", m.chassis.nexthops);
    for (const json& each : chassis.value("links", json::array())) {
      m.chassis.links.push_back({each.at("name").get<std::string>(),
                                 each.at("index").get<std::uint32_t>(), each.value("address", "")});
    }
    get(from, "dark_ms", m.dark_ms);
  } catch (const json::exception& fault) {
    return fail(std::string("its manifest can't be read: ") + fault.what(),
                "use the version of this program that wrote it", ErrorKind::refused);
  }
  return m;
}

}  // namespace issu::archive
