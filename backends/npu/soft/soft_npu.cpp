#include "backends/npu/soft/soft_npu.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "backends/npu/soft/control_client.hpp"
#include "backends/npu/soft/npud_files.hpp"
#include "backends/npu/soft/npud_process.hpp"
#include "backends/npu/soft/settings.hpp"
#include "backends/npu/soft/soft_chassis.hpp"
#include "backends/npu/sync_state.hpp"
#include "issu/base/file.hpp"

namespace issu::backends {
namespace {

using nlohmann::json;
using soft::ControlClient;
using soft::NpudFiles;

class SoftNpu final : public Npu {
 public:
  SoftNpu(RouterSpec router, SoftNpuOptions options)
      : router_(std::move(router)),
        options_(std::move(options)),
        files_(NpudFiles::of(router_)),
        client_(files_.socket()) {}

  [[nodiscard]] std::string driver() const override { return "soft"; }

  Result<void> check() override {
    auto chassis = soft::check_soft_chassis(router_);
    if (::access(options_.npud.c_str(), X_OK) == 0) {
      return chassis;
    }
    Error missing("the NPU " + options_.npud.string() + " can't be started",
                  "build or install it beside `issu`", ErrorKind::refused);
    if (chassis) {
      return fail(std::move(missing));
    }
    Error all = std::move(chassis).error();
    all.also(std::move(missing));
    return fail(std::move(all));
  }

  Result<void> up() override {
    ISSU_TRY(soft::raise_soft_chassis(router_), "bringing the NPU up");
    ISSU_TRY(make_dirs(files_.folder), "bringing the NPU up");
    ISSU_TRY(soft::save(soft::settings_of(router_), files_.settings()), "bringing the NPU up");
    return soft::start_npud(options_.npud, files_, router_.npu_netns());
  }

  Result<void> down() override {
    // Asked first: only npud knows what it has pinned in the kernel.
    if (client_.server().pid != 0) {
      (void)client_.ask({{"verb", "unpin"}});
    }
    ISSU_TRY(soft::end_npud(files_), "taking the NPU down");
    // With it ends what forwards without npud.
    if (::umount2(files_.bpf().c_str(), MNT_DETACH) != 0 && errno != EINVAL && errno != ENOENT) {
      return fail_errno("unmounting " + files_.bpf().string());
    }
    ISSU_TRY(soft::lower_soft_chassis(router_), "taking the NPU down");
    ISSU_TRY(remove_tree(files_.folder), "taking the NPU down");
    ::rmdir(router_.run_dir.c_str());  // stays while somebody else's files are in it
    return {};
  }

  Result<TableSize> size() override {
    auto answer = ask({{"verb", "size"}});
    if (!answer) {
      return fail(std::move(answer).error());
    }
    return TableSize{answer->value("ipv4", std::uint64_t{0}),
                     answer->value("ipv6", std::uint64_t{0})};
  }

  Result<void> punt_to(std::uint64_t epoch, Slot slot) override {
    return done(ask({{"verb", "punt"}, {"epoch", epoch}, {"slot", slot == Slot::a ? 0U : 1U}}));
  }

  Result<void> watch() override {
    ISSU_TRY(soft::start_npud(options_.npud, files_, router_.npu_netns()), "watching the tables");
    return done(ask({{"verb", "watch"}}));
  }

  Result<void> hold(std::uint64_t epoch) override {
    return done(ask({{"verb", "hold"}, {"epoch", epoch}}));
  }

  Result<void> keep(std::uint64_t epoch) override {
    return done(ask({{"verb", "keep"}, {"epoch", epoch}}));
  }

  Result<void> refresh(std::uint64_t epoch,
                       const std::vector<state_sync::Prefix>& routes) override {
    return done(ask({{"verb", "refresh"}, {"epoch", epoch}}, routes));
  }

  Result<SyncState> sync_state() override {
    return client_.server().pid != 0 ? state_of(ask({{"verb", "state"}})) : kept_state();
  }

  Result<SyncState> sweep(std::uint64_t epoch) override {
    return state_of(ask({{"verb", "sweep"}, {"epoch", epoch}}));
  }

  Result<SyncState> release() override {
    return client_.server().pid != 0 ? state_of(ask({{"verb", "release"}})) : close_kept_state();
  }

 private:
  static Result<void> done(const Result<json>& result) {
    return result ? Result<void>() : Result<void>(fail(result.error()));
  }

  static Result<SyncState> state_of(const Result<json>& answer) {
    if (!answer) {
      return fail(answer.error());
    }
    auto state = state_sync::fib_state_from_json(answer->dump());
    if (!state) {
      return fail(std::move(state).error());
    }
    return as_sync_state(*state);
  }

  Result<json> ask(const json& words, const std::vector<state_sync::Prefix>& prefixes = {}) {
    if (client_.server().pid == 0) {
      return fail("no npud runs for the router " + router_.name,
                  "`issu router up` starts it; why it ended is told in " + files_.log().string());
    }
    return client_.ask(words, prefixes);
  }

  /// Without npud: what the last one left. An epoch that is still open lost its record.
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

  RouterSpec router_;
  SoftNpuOptions options_;
  NpudFiles files_;
  ControlClient client_;
};

}  // namespace

Result<std::unique_ptr<Npu>> make_soft_npu(const RouterSpec& router,
                                           const SoftNpuOptions& options) {
  if (router.netns.empty() || router.run_dir.empty()) {
    return fail("the router " + router.name + " has no chassis namespace or no run_dir");
  }
  SoftNpuOptions own = options;
  if (own.npud.empty()) {
    own.npud = soft::npud_beside_us();
  }
  return std::make_unique<SoftNpu>(router, std::move(own));
}

}  // namespace issu::backends
