#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "backends/suite/suite.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;
using namespace issu::backends;

namespace {

void put(const std::filesystem::path& path) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << "";
}

}  // namespace

TEST_CASE("FRR without mgmtd: the others wait for zebra") {
  tests::TempDir rootfs;
  for (const char* name : {"zebra", "bgpd", "staticd"}) {
    put(rootfs.path() / "usr/lib/frr" / name);
  }
  auto plan =
      find_suite("frr")->plan(programs_below(rootfs.path()), {"bgpd", "zebra", "staticd"}, false);
  REQUIRE(plan.has_value());
  REQUIRE(plan->size() == 3);
  CHECK((*plan)[0].name == "zebra");
  CHECK((*plan)[0].argv[0] == "/usr/lib/frr/zebra");
  CHECK((*plan)[0].after.empty());
  CHECK((*plan)[1].after == std::vector<std::string>{"zebra"});
  // FRR 10 takes the value of -K from the same word only.
  const auto& argv = (*plan)[0].argv;
  CHECK(std::find(argv.begin(), argv.end(), "-K3600") != argv.end());
  CHECK(std::find(argv.begin(), argv.end(), "dplane_fpm_nl") == argv.end());
}

TEST_CASE(
    "FRR with an NPU that takes FPM: zebra alone loads the module, and has to be told where") {
  tests::TempDir folder;
  for (const char* name : {"zebra", "bgpd"}) {
    put(folder.path() / "usr/lib/frr" / name);
    put(folder / (std::string(name) + ".conf"));
  }
  auto plan = find_suite("frr")->plan(programs_below(folder.path()), {"zebra", "bgpd"}, true);
  REQUIRE(plan.has_value());
  const auto loads = [](const std::vector<std::string>& argv) {
    const auto module = std::find(argv.begin(), argv.end(), "dplane_fpm_nl");
    return module != argv.end() && *(module - 1) == "-M";
  };
  CHECK(loads((*plan)[0].argv));
  CHECK_FALSE(loads((*plan)[1].argv));
  const auto refused = find_suite("frr")->check_config(folder.path(), {"zebra", "bgpd"}, true);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message().find("fpm address") != std::string::npos);
  CHECK(refused.error().message().find("allow-external-route-update") != std::string::npos);
  std::ofstream(folder / "zebra.conf")
      << "fpm address 127.0.0.1 port 2620\nallow-external-route-update\n";
  CHECK(find_suite("frr")->check_config(folder.path(), {"zebra", "bgpd"}, true).has_value());
}

TEST_CASE("whoever forwards, zebra has to let the sweep delete routes") {
  tests::TempDir folder;
  std::ofstream(folder / "zebra.conf") << "hostname edge1\n! allow-external-route-update\n";
  const auto refused = find_suite("frr")->check_config(folder.path(), {"zebra"}, false);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message().find("allow-external-route-update") != std::string::npos);
  CHECK(refused.error().message().find("fpm address") == std::string::npos);
  std::ofstream(folder / "zebra.conf") << "hostname edge1\nallow-external-route-update\n";
  CHECK(find_suite("frr")->check_config(folder.path(), {"zebra"}, false).has_value());
}

TEST_CASE("FRR with mgmtd: it is started unasked, staticd waits for it, bgpd does not") {
  tests::TempDir rootfs;
  for (const char* name : {"zebra", "bgpd", "staticd", "mgmtd"}) {
    put(rootfs.path() / "usr/lib/frr" / name);
  }
  auto plan =
      find_suite("frr")->plan(programs_below(rootfs.path()), {"zebra", "bgpd", "staticd"}, false);
  REQUIRE(plan.has_value());
  REQUIRE(plan->size() == 4);
  CHECK((*plan)[1].name == "mgmtd");
  CHECK((*plan)[2].after == std::vector<std::string>{"zebra"});
  CHECK((*plan)[3].after == std::vector<std::string>{"zebra", "mgmtd"});
}

TEST_CASE("a daemon that the image does not have is named") {
  tests::TempDir rootfs;
  put(rootfs.path() / "usr/lib/frr/zebra");
  auto plan = find_suite("frr")->plan(programs_below(rootfs.path()), {"zebra", "ospfd"}, false);
  REQUIRE_FALSE(plan.has_value());
  CHECK(plan.error().message().find("ospfd") != std::string::npos);
}

TEST_CASE("a configuration folder that lacks files is refused, all of them named") {
  tests::TempDir folder;
  put(folder / "zebra.conf");
  auto checked =
      find_suite("frr")->check_config(folder.path(), {"zebra", "bgpd", "staticd"}, false);
  REQUIRE_FALSE(checked.has_value());
  CHECK(checked.error().message().find("bgpd.conf") != std::string::npos);
  CHECK(checked.error().message().find("staticd.conf") != std::string::npos);
  CHECK_FALSE(find_suite("frr")->check_config(folder.path(), {"bgpd"}, false).has_value());
  CHECK_FALSE(find_suite("bird")->check_config(folder.path(), {"bird"}, false).has_value());
  CHECK(find_suite("junos") == nullptr);
}
