#include "issu/compare/memory.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "tests/temp_dir.hpp"

namespace issu::compare {
namespace {

namespace fs = std::filesystem;

/// A process of a /proc of our own.
void add(const tests::TempDir& proc, int pid, const std::string& comm, const std::string& cgroup,
         const std::string& cmdline, const std::string& rollup) {
  const fs::path folder = proc / std::to_string(pid);
  fs::create_directories(folder);
  std::ofstream(folder / "comm") << comm << "\n";
  std::ofstream(folder / "cgroup") << cgroup;
  std::ofstream(folder / "cmdline") << cmdline;
  std::ofstream(folder / "smaps_rollup") << rollup;
}

std::string words(std::initializer_list<const char*> list) {
  std::string line;
  for (const char* word : list) {
    line += word;
    line += '\0';
  }
  return line;
}

const std::string two_mib = "Rss:    4096 kB\nPss:    2048 kB\nPss_Dirty:  1 kB\n";

TEST_CASE("a value behind its key, whole keys only") {
  CHECK(bytes_of("MemTotal: 9 kB\nMemAvailable:   12 kB\n", "MemAvailable") == 12 * 1024);
  CHECK_FALSE(bytes_of("Pss_Dirty: 3 kB\n", "Pss"));
  CHECK_FALSE(bytes_of("Pss: many\n", "Pss"));
  CHECK_FALSE(bytes_of("", "Pss"));
}

TEST_CASE("a container's processes are known by their group, a machine by its command line") {
  const tests::TempDir proc;
  add(proc, 10, "zebra", "0::/lxc.payload.issu-r1-a\n", words({"zebra"}), two_mib);
  add(proc, 11, "lxc-monitor", "0::/\n", words({"[lxc monitor] /run/issu/r1/lxc issu-r1-a"}),
      two_mib);
  add(proc, 12, "qemu", "0::/\n",
      words({"qemu-system-x86_64", "-name", "guest=issu-r2-a,debug=on"}), two_mib);
  add(proc, 13, "zebra", "0::/lxc.payload.issu-r1-ab\n", words({"zebra"}), two_mib);
  add(proc, 14, "npud", "0::/\n", words({"issu-npud", "issu-r1-a-npu"}), two_mib);
  fs::create_directories(proc / "self");
  const auto container = residents_of("issu-r1-a", proc.path());
  REQUIRE(container.size() == 2);
  CHECK(container[0].name == "zebra");
  CHECK(pss_of(container) == 4ULL << 20U);
  CHECK(*container[1].rss == 4ULL << 20U);
  CHECK(residents_of("issu-r2-a", proc.path()).size() == 1);
  CHECK(residents_of("issu-r3-a", proc.path()).empty());
}

TEST_CASE("no process, or one that does not say, is no zero") {
  const tests::TempDir proc;
  CHECK_FALSE(pss_of(residents_of("issu-r1-a", proc.path())));
  add(proc, 10, "zebra", "0::/lxc.payload.issu-r1-a\n", "", two_mib);
  add(proc, 11, "bgpd", "0::/lxc.payload.issu-r1-a\n", "", "");
  CHECK_FALSE(pss_of(residents_of("issu-r1-a", proc.path())));
  CHECK_FALSE(available_memory(proc.path()));
}

TEST_CASE("what QEMU runs on, and whether it has a device of the host's") {
  const tests::TempDir proc;
  add(proc, 12, "qemu", "0::/\n",
      words({"qemu-system-x86_64", "-name", "guest=issu-r2-a", "-accel", "tcg,thread=multi"}),
      two_mib);
  add(proc, 13, "qemu", "0::/\n",
      words({"qemu-system-x86_64", "-name", "guest=issu-r3-a", "-device", "vfio-pci,host=1"}),
      two_mib);
  CHECK(accelerator_of("issu-r2-a", proc.path()) == "tcg");
  CHECK(accelerator_of("issu-r3-a", proc.path()).empty());
  CHECK(accelerator_of("issu-r4-a", proc.path()).empty());
  CHECK(has_host_device("issu-r2-a", proc.path()) == false);
  CHECK(has_host_device("issu-r3-a", proc.path()) == true);
  CHECK_FALSE(has_host_device("issu-r4-a", proc.path()).has_value());
}

}  // namespace
}  // namespace issu::compare
