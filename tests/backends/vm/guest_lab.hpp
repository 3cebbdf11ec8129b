#pragma once

#include <doctest/doctest.h>

#include <optional>

#include "backends/vm/guest_agent.hpp"
#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "tests/backends/vm/guest_watch.hpp"
#include "tests/temp_dir.hpp"

namespace issu::testing {

inline constexpr std::chrono::seconds boots_within{90};
inline constexpr std::chrono::seconds soon{20};

inline const std::filesystem::path guest_base =
    std::filesystem::path(ISSU_SOURCE_DIR) / "build" / "images" / "frr-vm-bookworm.qcow2";

/// libvirt opens one folder in a process.
inline const std::filesystem::path& root() {
  static const tests::TempDir dir;
  static const std::filesystem::path root = dir / "lv";
  return root;
}

/// One machine, gone at the end.
struct GuestLab {
  GuestLab() {
    guests_die_with_us(dir.path());
    guests_die_with_us(root().parent_path());
    domain.name = "guest";
    domain.memory_mib = 256;
    domain.disk = dir / "disk.qcow2";
    domain.serial_log = dir / "serial.log";
    domain.without = backends::vm::unsafe_under_tcg();
    const auto made = run_checked({"qemu-img", "create", "-q", "-f", "qcow2", "-b",
                                   guest_base.string(), "-F", "qcow2", domain.disk.string()});
    REQUIRE_MESSAGE(made, made.error().message());
  }
  void connect() {
    auto opened = backends::vm::Hypervisor::open({.uri = {}, .root = root(), .netns = {}});
    REQUIRE_MESSAGE(opened, opened.error().message());
    hypervisor.emplace(std::move(*opened));
  }
  ~GuestLab() {
    if (hypervisor) {
      (void)hypervisor->destroy(domain.name);
    }
  }
  [[nodiscard]] std::string serial() const { return read_file(domain.serial_log).value_or(""); }

  tests::TempDir dir;
  backends::vm::Domain domain;
  std::optional<backends::vm::Hypervisor> hypervisor;
};

inline std::string missing() {
  return std::filesystem::exists(guest_base)
             ? std::string()
             : guest_base.string() + " is not there: scenarios/images/build";
}

#define GUEST_OK(expression)                                 \
  do {                                                       \
    const auto ok_result = (expression);                     \
    REQUIRE_MESSAGE(ok_result, ok_result.error().message()); \
  } while (false)

}  // namespace issu::testing
