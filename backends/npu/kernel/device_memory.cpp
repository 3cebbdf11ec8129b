#include "backends/npu/kernel/device_memory.hpp"

#include <nlohmann/json.hpp>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"

namespace issu::backends {
namespace {

using nlohmann::json;

/// From `ip -json address show`: what has to be set again. May throw nlohmann's exceptions.
json memory_of(const json& shown) {
  const json& link = shown.at(0);
  json memory{{"mtu", link.at("mtu")}, {"up", false}, {"addresses", json::array()}};
  for (const json& flag : link.at("flags")) {
    memory["up"] = memory["up"].get<bool>() || flag == "UP";
  }
  for (const json& address : link.value("addr_info", json::array())) {
    // The kernel makes link-local addresses itself when the device comes up.
    if (address.value("scope", "") != "link") {
      memory["addresses"].push_back(address.at("local").get<std::string>() + "/" +
                                    std::to_string(address.at("prefixlen").get<int>()));
    }
  }
  return memory;
}

}  // namespace

Result<void> remember_device(const std::string& device, const std::filesystem::path& file) {
  if (std::filesystem::exists(file)) {
    return {};
  }
  auto shown = run_checked({"ip", "-json", "address", "show", "dev", device});
  if (!shown) {
    return fail(std::move(shown).error());
  }
  try {
    return write_file_atomic(file, memory_of(json::parse(*shown)).dump());
  } catch (const json::exception& error) {
    return fail("what `ip` says of the device " + device + " can't be read: " + error.what());
  }
}

Result<void> restore_device(const std::string& device, const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) {
    return {};
  }
  auto text = read_file(file, 1U << 20U);
  if (!text) {
    return fail(std::move(text).error());
  }
  std::vector<Argv> commands;
  try {
    const json memory = json::parse(*text);
    commands.push_back(
        {"ip", "link", "set", "dev", device, "mtu", std::to_string(memory.at("mtu").get<int>())});
    if (memory.at("up").get<bool>()) {
      commands.push_back({"ip", "link", "set", "dev", device, "up"});
    }
    for (const json& address : memory.at("addresses")) {
      commands.push_back({"ip", "address", "replace", address.get<std::string>(), "dev", device});
    }
  } catch (const json::exception& error) {
    return fail(file.string() + " can't be read: " + error.what(),
                "set the device " + device + " up by hand and remove the file");
  }
  for (const Argv& command : commands) {
    if (auto done = run_checked(command); !done) {
      return pass(std::move(done).error(), "making the device " + device + " what it was");
    }
  }
  return remove_tree(file);
}

}  // namespace issu::backends
