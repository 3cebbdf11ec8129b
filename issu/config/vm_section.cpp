#include <arpa/inet.h>

#include "issu/base/processors.hpp"
#include "issu/config/sections.hpp"

namespace issu::config {
namespace {

void check_chassis(StrictTable& document, const RouterConfig& config) {
  const bool foreign = config.router.vm.foreign.has_value();
  if (config.router.npu.driver != "soft") {
    document.refuse("npu",
                    "the ports of virtual machines need the NPU driver soft, and the driver is " +
                        config.router.npu.driver,
                    "[npu] driver = \"soft\"");
  } else if (foreign && config.router.npu.feed != "netlink") {
    document.refuse(
        "npu",
        "a guest without an agent says its routes to a collector on the host, over BGP; "
        "the feed is " +
            config.router.npu.feed,
        "[npu] feed = \"netlink\", or take it away");
  } else if (!foreign && config.router.npu.feed != "fpm") {
    document.refuse("npu",
                    "the routes of a virtual machine come over FPM only, and the feed is " +
                        config.router.npu.feed,
                    config.router.suite == "bird" ? "suite = \"frr\": BIRD has no FPM"
                                                  : "[npu] feed = \"fpm\"");
  }
  if (config.router.first_id) {
    document.refuse("router", "user_namespace is not of the backend " + config.backend,
                    "take it away");
  }
}

void read_migrate(StrictTable& vm, backends::MigrateLimits& limits) {
  auto section = vm.table("migrate");
  if (!section) {
    return;
  }
  const auto number = [&](const char* key, double least, double most, std::uint32_t& value) {
    value = static_cast<std::uint32_t>(section->integer(key, {least, most}, value));
  };
  number("downtime_ms", 1, 60'000, limits.downtime_ms);
  number("iterations", 1, 10'000, limits.iterations);
  number("bandwidth_mib_s", 0, 1'000'000, limits.bandwidth_mib_s);
  limits.timeout_s = section->number("timeout_s", {1, 86'400}, limits.timeout_s);
  section->finish();
}

/// `text` is an IPv4 address, with a length behind it or without.
bool is_ipv4(const std::string& text, bool with_length) {
  const auto slash = text.find('/');
  in_addr address{};
  const bool good = ::inet_pton(AF_INET, text.substr(0, slash).c_str(), &address) == 1;
  if (!with_length || !good) {
    return good && slash == std::string::npos;
  }
  const std::string length = slash == std::string::npos ? "" : text.substr(slash + 1);
  return !length.empty() && length.size() < 3 &&
         length.find_first_not_of("0123456789") == std::string::npos && std::stoi(length) <= 32;
}

void read_foreign(StrictTable& vm, const std::filesystem::path& file,
                  backends::ForeignGuest& guest) {
  auto section = vm.table("foreign");
  if (!section) {
    return;
  }
  if (const std::string disk = section->text("config_disk"); !disk.empty()) {
    guest.config_disk = file.parent_path() / disk;
    if (!std::filesystem::is_regular_file(guest.config_disk)) {
      section->refuse("config_disk", guest.config_disk.string() + " is no file", "make it first");
    }
  }
  guest.ready = section->text("ready");
  guest.ready_s = section->number("ready_s", {1, 3600}, guest.ready_s);
  guest.address = section->text("address", guest.address);
  guest.collector = section->text("collector", guest.collector);
  if (!is_ipv4(guest.address, false)) {
    section->refuse("address", "\"" + guest.address + "\" is no IPv4 address", "\"169.254.0.2\"");
  }
  if (!is_ipv4(guest.collector, true)) {
    section->refuse("collector", "\"" + guest.collector + "\" is no IPv4 address with a length",
                    "\"169.254.0.1/30\"");
  }
  guest.as = static_cast<std::uint32_t>(
      section->integer("as", {1, 4'294'967'294}, static_cast<std::int64_t>(guest.as)));
  section->finish();
}

}  // namespace

void read_vm_section(StrictTable& document, RouterConfig& config) {
  backends::VmSpec& vm = config.router.vm;
  auto section = document.table("vm");
  if (config.backend == "lxc") {
    if (section) {
      document.refuse("vm", "is of the backends vm and card, and the backend is " + config.backend,
                      "[router] backend = \"vm\", or take it away");
    }
    return;
  }
  if (!section) {
    if (config.backend == "card") {
      document.refuse("vm", "is missing: a card needs its image",
                      "[vm] card = \"card-bookworm.ext4\" (scenarios/images/build makes it)");
    }
    check_chassis(document, config);
    return;
  }
  if (config.backend == "card") {
    config.router.card_image = section->required_text("card");
  }
  if (!section->boolean("agent", true)) {
    read_foreign(*section, config.file, vm.foreign.emplace());
  } else if (section->has("foreign")) {
    section->refuse("foreign", "is of a guest without an agent", "agent = false, or take it away");
  }
  check_chassis(document, config);
  vm.uri = section->text("uri", vm.uri);
  vm.uri_b = section->text("uri_b", vm.uri_b);
  if (vm.foreign && !vm.uri_b.empty()) {
    section->refuse("uri_b",
                    "is for a machine that moves between two hypervisors as it runs, and a guest "
                    "without an agent does not",
                    "take it away: both its slots are at `uri`");
  }
  vm.accelerator = section->choice("accelerator", {"tcg", "kvm"}, vm.accelerator);
  vm.machine = section->choice("machine", {"q35", "pc"}, vm.machine);
  vm.memory_mib = static_cast<std::uint32_t>(
      section->integer("memory_mib", {128, 1'048'576}, static_cast<std::int64_t>(vm.memory_mib)));
  vm.vcpus = static_cast<std::uint32_t>(
      section->integer("vcpus", {1, 64}, static_cast<std::int64_t>(vm.vcpus)));
  vm.cpus = section->text("cpus", vm.cpus);
  if (const auto cpus = parse_processors(vm.cpus); !vm.cpus.empty() && !cpus) {
    section->refuse("cpus", cpus.error().what(), cpus.error().hint());
  }
  read_migrate(*section, vm.migrate);
  section->finish();
}

}  // namespace issu::config
