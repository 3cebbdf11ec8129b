#include "issu/config/sections.hpp"

namespace issu::config {
namespace {

void check_chassis(StrictTable& document, const RouterConfig& config) {
  if (config.router.npu.driver != "soft") {
    document.refuse("npu",
                    "the ports of virtual machines need the NPU driver soft, and the driver is " +
                        config.router.npu.driver,
                    "[npu] driver = \"soft\"");
  } else if (config.router.npu.feed != "fpm") {
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
  check_chassis(document, config);
  if (!section) {
    if (config.backend == "card") {
      document.refuse("vm", "is missing: a card needs its image",
                      "[vm] card = \"card-bookworm.squashfs\" (scenarios/images/build makes it)");
    }
    return;
  }
  if (config.backend == "card") {
    config.router.card_image = section->required_text("card");
  }
  vm.uri = section->text("uri", vm.uri);
  vm.uri_b = section->text("uri_b", vm.uri_b);
  vm.accelerator = section->choice("accelerator", {"tcg", "kvm"}, vm.accelerator);
  vm.machine = section->choice("machine", {"q35", "pc"}, vm.machine);
  vm.memory_mib = static_cast<std::uint32_t>(
      section->integer("memory_mib", {128, 1'048'576}, static_cast<std::int64_t>(vm.memory_mib)));
  vm.vcpus = static_cast<std::uint32_t>(
      section->integer("vcpus", {1, 64}, static_cast<std::int64_t>(vm.vcpus)));
  read_migrate(*section, vm.migrate);
  section->finish();
}

}  // namespace issu::config
