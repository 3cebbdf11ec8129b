// Another kernel under a guest, three ways, medians of so many rounds: a plain reboot (the machine
// ends, the host starts it again with the new kernel), kexec in the guest (loaded before), and the
// other slot's machine on the new kernel beside the one that runs, as the strategy standby does.
// Each until the new kernel's process 1 says on the serial port that it is up, and until the guest
// agent answers. The daemons' start comes on top, the same for all three. Under TCG: ratios only.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "backends/vm/guest_agent.hpp"
#include "backends/vm/payload.hpp"
#include "backends/vm/serial_log.hpp"
#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "tests/backends/vm/guest_watch.hpp"
#include "tests/temp_dir.hpp"

namespace {

using namespace issu;
using namespace issu::backends::vm;
namespace fs = std::filesystem;

constexpr std::chrono::seconds up_within{90};
constexpr std::chrono::seconds answers_within{20};
constexpr const char* command_line = "console=ttyS0 quiet panic=-1";

/// Seconds of each round, by the name of what was measured.
class Figures {
 public:
  void add(const std::string& name, double seconds) {
    if (values_.find(name) == values_.end()) {
      order_.push_back(name);
    }
    values_[name].push_back(seconds);
  }
  void print() {
    for (const std::string& name : order_) {
      auto& all = values_[name];
      std::sort(all.begin(), all.end());
      fmt::print("{:<58} {:6.2f} s  ({:.2f} to {:.2f}, {} rounds)\n", name, all[all.size() / 2],
                 all.front(), all.back(), all.size());
    }
  }

 private:
  std::vector<std::string> order_;
  std::map<std::string, std::vector<double>> values_;
};

struct Bench {
  Hypervisor& hypervisor;
  const fs::path& folder;
  fs::path disk;
  KernelFiles kernel;
  std::string release;  ///< of the new kernel
  std::vector<std::string> without;
  Figures figures;

  [[nodiscard]] Domain domain(const std::string& name) const {
    Domain domain;
    domain.name = name;
    domain.disk = folder / (name + ".qcow2");
    domain.config_disk = folder / "config.squashfs";
    domain.serial_log = folder / (name + ".log");
    domain.without = without;
    return domain;
  }
  [[nodiscard]] Domain with_kernel(Domain domain) const {
    domain.boot = DirectBoot{kernel.kernel, kernel.initrd, command_line};
    return domain;
  }
  /// From `since`: until process 1 on this kernel says that it is up, and until the agent answers.
  Result<void> wait(const Domain& domain, const std::string& way, MonoNs since) {
    const std::string line = "guest up: " + release;
    const Deadline deadline = Deadline::in(up_within);
    while (read_file(domain.serial_log).value_or("").find(line) == std::string::npos) {
      if (deadline.passed()) {
        return fail(way + ": never \"" + line + "\": " + told_by_serial(domain.serial_log));
      }
      sleep_for(std::chrono::milliseconds(10));
    }
    figures.add(way + ", until process 1 is up", to_s(mono_now() - since));
    ISSU_TRY(GuestAgent(hypervisor, domain.name).wait(up_within), way);
    figures.add(way + ", until the agent answers", to_s(mono_now() - since));
    return {};
  }
  /// A guest on its disk's own kernel.
  Result<void> start_old(const Domain& domain) {
    ISSU_TRY(hypervisor.destroy(domain.name), "");
    std::error_code ignored;
    fs::remove(domain.serial_log, ignored);
    ISSU_TRY(run_checked({"qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b",
                          disk.string(), domain.disk.string()}),
             "a disk");
    ISSU_TRY(hypervisor.start(domain), "the old kernel");
    return GuestAgent(hypervisor, domain.name).wait(up_within);
  }
  Result<void> reboot() {
    const Domain old = domain("reboot");
    ISSU_TRY(start_old(old), "");
    const MonoNs since = mono_now();
    // The answer never comes: the machine is gone by then.
    (void)hypervisor.ask_agent(old.name,
                               R"({"execute":"guest-exec","arguments":{"path":"/usr/bin/busybox",)"
                               R"("arg":["reboot","-f"]}})",
                               answers_within);
    const auto gone = [&] {
      const auto power = hypervisor.power(old.name);
      return power && *power != Power::running;
    };
    if (!wait_until(gone, Deadline::in(up_within), std::chrono::milliseconds(10))) {
      return fail("the machine did not end");
    }
    figures.add("reboot, until the machine is gone", to_s(mono_now() - since));
    ISSU_TRY(hypervisor.start(with_kernel(old)), "");
    ISSU_TRY(wait(old, "reboot", since), "");
    return hypervisor.destroy(old.name);
  }
  Result<void> kexec() {
    const Domain old = domain("kexec");
    ISSU_TRY(start_old(old), "");
    GuestAgent agent(hypervisor, old.name);
    const MonoNs loading = mono_now();
    const auto loaded = agent.run({"/run/config/kexec", "load", "/run/config/vmlinuz",
                                   "/run/config/initrd.img", command_line},
                                  answers_within);
    if (!loaded || loaded->exit_code != 0) {
      return loaded ? fail("loading: " + loaded->errors) : fail(loaded.error());
    }
    figures.add("kexec, loading it before (nothing is dark)", to_s(mono_now() - loading));
    const MonoNs since = mono_now();
    (void)hypervisor.ask_agent(old.name,
                               R"({"execute":"guest-exec","arguments":{"path":)"
                               R"("/run/config/kexec","arg":["go"]}})",
                               answers_within);
    ISSU_TRY(wait(old, "kexec", since), "");
    return hypervisor.destroy(old.name);
  }
  Result<void> standby() {
    const Domain old = domain("runs");
    ISSU_TRY(start_old(old), "");
    const Domain other = with_kernel(domain("other"));
    std::error_code ignored;
    fs::remove(other.serial_log, ignored);
    ISSU_TRY(run_checked({"qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b",
                          disk.string(), other.disk.string()}),
             "a disk");
    const MonoNs since = mono_now();
    ISSU_TRY(hypervisor.start(other), "");
    ISSU_TRY(wait(other, "beside the old one (nothing is dark)", since), "");
    ISSU_TRY(GuestAgent(hypervisor, old.name).wait(answers_within), "the old one");
    ISSU_TRY(hypervisor.destroy(other.name), "");
    return hypervisor.destroy(old.name);
  }
};

Result<void> prepare(const fs::path& folder, const fs::path& payload) {
  ISSU_TRY(extract_kernel(payload, folder / "kernel"), "");
  ISSU_TRY(make_dirs(folder / "config"), "");
  std::error_code error;
  fs::copy_file(fs::path(ISSU_BIN_DIR) / "bench-kexec-in-guest", folder / "config" / "kexec",
                error);
  if (error) {
    return fail("bench-kexec-in-guest: " + error.message());
  }
  for (const char* file : {"vmlinuz", "initrd.img"}) {
    fs::copy_file(folder / "kernel" / file, folder / "config" / file, error);
  }
  ISSU_TRY(
      run_checked({"mksquashfs", (folder / "config").string(),
                   (folder / "config.squashfs").string(), "-all-root", "-quiet", "-no-progress"}),
      "a configuration disk");
  return {};
}

Result<void> measure(const fs::path& images, const std::string& kernel,
                     const std::vector<std::string>& without, int rounds) {
  const tests::TempDir dir;
  testing::guests_die_with_us(dir.path());
  const fs::path payload = images / (kernel + ".squashfs");
  ISSU_TRY(prepare(dir.path(), payload), "");
  auto release = run_checked({"unsquashfs", "-cat", payload.string(), "release"});
  if (!release) {
    return fail(std::move(release).error());
  }
  auto hypervisor = Hypervisor::open({.uri = {}, .root = dir / "lv", .netns = {}});
  if (!hypervisor) {
    return fail(std::move(hypervisor).error());
  }
  Bench bench{*hypervisor,
              dir.path(),
              images / "frr-vm-bookworm.qcow2",
              kernel_files(dir / "kernel"),
              release->substr(0, release->find('\n')),
              without,
              {}};
  Result<void> done;
  for (int round = 0; done && round < rounds; ++round) {
    for (const auto way : {&Bench::reboot, &Bench::kexec, &Bench::standby}) {
      done = done ? (bench.*way)() : done;
    }
  }
  for (const char* name : {"reboot", "kexec", "runs", "other"}) {
    (void)hypervisor->destroy(name);
  }
  fmt::print("to {}, TCG\n", bench.release);
  bench.figures.print();
  return done;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Another kernel under a guest: reboot, kexec, beside");
  int rounds = 3;
  std::string kernel = "kernel-6.12";
  std::string images = ISSU_SOURCE_DIR "/build/images";
  app.add_option("--rounds", rounds)->check(CLI::Range(1, 100))->capture_default_str();
  app.add_option("--kernel", kernel, "An image of kind kernel")->capture_default_str();
  app.add_option("--images", images)->capture_default_str();
  std::vector<std::string> without = unsafe_under_tcg();
  app.add_option("--without", without, "Features of the guests' processor to leave out")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (const auto done = measure(images, kernel, without, rounds); !done) {
    fmt::print(stderr, "error: {}\n", done.error().message());
    return 1;
  }
  return 0;
}
