#include "backends/npu/kernel/kernel_npu.hpp"

#include <signal.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "backends/npu/kernel/chassis.hpp"
#include "backends/npu/kernel/held_shadow.hpp"
#include "backends/npu/sync_state.hpp"
#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "state-sync/fib_client.hpp"
#include "state-sync/fib_netlink.hpp"

namespace issu::backends {
namespace {

using state_sync::FibClient;
using state_sync::FibFiles;

constexpr auto start_limit = std::chrono::seconds(60);
constexpr auto end_grace = std::chrono::seconds(5);

std::filesystem::path program_beside_us() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "issu-fibwatch";
}

class KernelNpu final : public Npu {
 public:
  KernelNpu(RouterSpec router, KernelNpuOptions options)
      : router_(std::move(router)),
        options_(std::move(options)),
        files_{router_.run_dir},
        client_(files_),
        shadow_(router_.run_dir / "fibwatch.kept", router_.netns) {}

  [[nodiscard]] std::string driver() const override { return "kernel"; }

  Result<void> check() override {
    auto chassis = check_chassis(router_);
    if (::access(options_.fibwatch.c_str(), X_OK) == 0) {
      return chassis;
    }
    Error missing("the route tracker " + options_.fibwatch.string() + " can't be started",
                  "build or install it beside `issu`", ErrorKind::refused);
    if (chassis) {
      return fail(std::move(missing));
    }
    Error all = std::move(chassis).error();
    all.also(std::move(missing));
    return fail(std::move(all));
  }

  Result<void> up() override { return raise_chassis(router_); }

  Result<void> down() override {
    ISSU_TRY(end_tracker(), "taking the NPU down");
    ISSU_TRY(lower_chassis(router_), "taking the NPU down");
    ISSU_TRY(shadow_.lift(), "taking the NPU down");
    for (const auto& file : {files_.socket(), files_.lock(), files_.epoch(), files_.log()}) {
      ISSU_TRY(remove_tree(file), "taking the NPU down");
    }
    ::rmdir(router_.run_dir.c_str());  // stays while somebody else's files are in it
    return {};
  }

  /// The slots share the ports' namespace.
  Result<void> punt_to(std::uint64_t /*epoch*/, Slot /*slot*/) override { return {}; }

  Result<TableSize> size() override {
    TableSize size;
    ISSU_TRY(NetNs::inside(NetNs::path_of(router_.netns),
                           [&size]() -> Result<void> {
                             auto ipv4 = state_sync::count_routes(4);
                             auto ipv6 = ipv4 ? state_sync::count_routes(6) : ipv4;
                             if (!ipv6) {
                               return fail(std::move(ipv6).error());
                             }
                             size = {*ipv4, *ipv6};
                             return {};
                           }),
             "counting the routes of the chassis " + router_.netns);
    return size;
  }

  Result<void> watch() override {
    if (client_.server().pid != 0) {
      return {};
    }
    if (!NetNs::exists(router_.netns)) {
      return fail("the chassis " + router_.netns + " is not up", "`issu router up` first");
    }
    ISSU_TRY(make_dirs(router_.run_dir), "starting the route tracker");
    SpawnOptions how;
    how.netns = NetNs::path_of(router_.netns);
    how.log = files_.log();
    how.folder = "/";
    auto process = spawn_detached({options_.fibwatch.string(), files_.folder.string(),
                                   how.netns.string(), std::to_string(options_.buffer_bytes)},
                                  how);
    if (!process) {
      return pass(std::move(process).error(), "starting the route tracker");
    }
    // Ours ends at once when one that an earlier call started is still reading the tables.
    wait_until(
        [&] { return client_.server().pid != 0 || (!is_alive(*process) && !client_.is_served()); },
        Deadline::in(start_limit));
    if (client_.server().pid == 0) {
      return fail("the route tracker did not start", "look at " + files_.log().string());
    }
    return {};
  }

  Result<void> hold(std::uint64_t epoch) override {
    // What a caller that was killed left of an earlier one is no part of what is held now.
    ISSU_TRY(shadow_.lift_others(epoch), "before holding the routes");
    return done(ask("hold " + std::to_string(epoch)));
  }

  Result<void> keep(std::uint64_t epoch) override {
    // Told first: a stranger's epoch is refused before anything is touched.
    ISSU_TRY(ask("keep " + std::to_string(epoch)), "keeping the held routes");
    return shadow_.cast(epoch);
  }

  Result<void> refresh(std::uint64_t epoch,
                       const std::vector<state_sync::Prefix>& routes) override {
    return done(
        ask("refresh " + std::to_string(epoch) + " " + std::to_string(routes.size()), routes));
  }

  Result<SyncState> sync_state() override {
    return client_.server().pid != 0 ? ask("state") : kept_state();
  }

  Result<SyncState> sweep(std::uint64_t epoch) override {
    auto swept = ask("sweep " + std::to_string(epoch));
    if (!swept) {
      return swept;
    }
    ISSU_TRY(shadow_.lift(), "after the sweep");
    return swept;
  }

  Result<SyncState> release() override {
    auto last = end_epoch();
    if (!last) {
      return last;
    }
    ISSU_TRY(shadow_.lift(), "ending the epoch");
    return last;
  }

 private:
  Result<SyncState> end_epoch() {
    const ProcessId server = client_.server();
    if (server.pid == 0) {
      return close_kept_state();
    }
    auto last = ask("release");
    if (!last) {
      return last;
    }
    wait_until([&] { return !is_alive(server); }, Deadline::in(end_grace));
    ISSU_TRY(end_process(server, end_grace), "ending the route tracker");
    return last;
  }

  static Result<void> done(const Result<SyncState>& result) {
    return result ? Result<void>() : Result<void>(fail(result.error()));
  }

  Result<SyncState> ask(const std::string& line,
                        const std::vector<state_sync::Prefix>& prefixes = {}) {
    if (client_.server().pid == 0) {
      return fail("no route tracker runs for the router " + router_.name,
                  "`watch` it first; a tracker that died is told in " + files_.log().string());
    }
    auto state = client_.ask(line, prefixes);
    if (!state) {
      return fail(std::move(state).error());
    }
    return as_sync_state(*state);
  }

  /// Without a tracker: what the last one left. An epoch that is still open lost its record.
  Result<SyncState> kept_state() {
    auto state = state_sync::load_fib_state(files_.epoch());
    if (!state) {
      return fail(std::move(state).error());
    }
    return as_sync_state(*state);
  }

  Result<SyncState> close_kept_state() {
    auto state = state_sync::close_fib_state(files_.epoch());
    if (!state) {
      return fail(std::move(state).error());
    }
    return as_sync_state(*state);
  }

  Result<void> end_tracker() {
    const ProcessId server = client_.server();
    return server.pid == 0 ? Result<void>() : end_process(server, end_grace);
  }

  RouterSpec router_;
  KernelNpuOptions options_;
  FibFiles files_;
  FibClient client_;
  HeldShadow shadow_;
};

}  // namespace

Result<std::unique_ptr<Npu>> make_kernel_npu(const RouterSpec& router,
                                             const KernelNpuOptions& options) {
  if (router.netns.empty() || router.run_dir.empty()) {
    return fail("the router " + router.name + " has no chassis namespace or no run_dir");
  }
  KernelNpuOptions own = options;
  if (own.fibwatch.empty()) {
    own.fibwatch = program_beside_us();
  }
  return std::make_unique<KernelNpu>(router, std::move(own));
}

}  // namespace issu::backends
