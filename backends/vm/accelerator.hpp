#pragma once

#include "backends/spec.hpp"
#include "backends/vm/domain.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::vm {

[[nodiscard]] Accelerator accelerator_of(const RouterSpec& spec);

/// Whether what router.toml asks for by name can be tried at all: with `kvm`, whether the device
/// opens and makes a machine. Some KVMs do that and then start no kernel (those of machines that
/// are virtual themselves): only a guest that booted proves one.
Result<void> check_accelerator(const RouterSpec& spec);

/// Whether the host has the processors that `[vm] cpus` names.
Result<void> check_processors(const RouterSpec& spec);

/// Why a guest did not come up, with what to do about it where it ran on KVM.
Error under_accelerator(const RouterSpec& spec, Error error);

}  // namespace issu::backends::vm
