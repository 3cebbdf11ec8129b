#include "issu/cli/parts.hpp"

#include "backends/lxc/lxc.hpp"
#include "backends/npu/kernel/kernel_npu.hpp"
#include "backends/npu/soft/soft_npu.hpp"
#include "backends/vm/vm.hpp"
#include "issu/decide.hpp"

namespace issu::cli {

Result<Router> open_router(const std::string& file, config::Purpose purpose) {
  auto config = config::load_router(file, purpose);
  if (!config) {
    return fail(std::move(config).error());
  }
  auto rp = config->backend == "vm"     ? backends::make_vm(config->router)
            : config->backend == "card" ? backends::make_card(config->router)
                                        : backends::make_lxc(config->router);
  if (!rp) {
    return fail(std::move(rp).error());
  }
  auto npu = config->router.npu.driver == "soft" ? backends::make_soft_npu(config->router)
                                                 : backends::make_kernel_npu(config->router);
  if (!npu) {
    return fail(std::move(npu).error());
  }
  SlotStore store(config->router.state_dir);
  return Router{std::move(*config), std::move(*rp), std::move(*npu), std::move(store)};
}

Result<void> no_open_upgrade(const Router& router) {
  auto records = Journal::read(router.store.journal());
  if (!records) {
    return fail(std::move(records).error());
  }
  if (is_open(*records)) {
    return fail("an upgrade of this router is open (" + options_of(*records).id + ")",
                "`issu resume` goes on with it, `issu abort` takes it back", ErrorKind::refused);
  }
  return {};
}

}  // namespace issu::cli
