#pragma once

#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "issu/base/result.hpp"

// What we call of libvirt, each name once.
#define ISSU_OF_LIBVIRT(F)           \
  F(virConnectClose)                 \
  F(virConnectGetCapabilities)       \
  F(virConnectGetDomainCapabilities) \
  F(virConnectGetLibVersion)         \
  F(virConnectGetVersion)            \
  F(virConnectIsAlive)               \
  F(virConnectOpen)                  \
  F(virConnectSetKeepAlive)          \
  F(virDomainAbortJob)               \
  F(virDomainCreate)                 \
  F(virDomainDefineXML)              \
  F(virDomainDestroy)                \
  F(virDomainFree)                   \
  F(virDomainGetJobStats)            \
  F(virDomainGetState)               \
  F(virDomainGetXMLDesc)             \
  F(virDomainHasManagedSaveImage)    \
  F(virDomainIsActive)               \
  F(virDomainLookupByName)           \
  F(virDomainManagedSave)            \
  F(virDomainMigrate3)               \
  F(virDomainMigrateSetMaxDowntime)  \
  F(virDomainRestoreFlags)           \
  F(virDomainResume)                 \
  F(virDomainSaveFlags)              \
  F(virDomainSaveImageGetXMLDesc)    \
  F(virDomainSnapshotCreateXML)      \
  F(virDomainSnapshotFree)           \
  F(virDomainSuspend)                \
  F(virDomainUndefine)               \
  F(virDomainUndefineFlags)          \
  F(virDomainUpdateDeviceFlags)      \
  F(virEventAddTimeout)              \
  F(virEventRegisterDefaultImpl)     \
  F(virEventRemoveTimeout)           \
  F(virEventRunDefaultImpl)          \
  F(virEventUpdateTimeout)           \
  F(virGetLastError)                 \
  F(virGetLastErrorMessage)          \
  F(virSetErrorFunc)                 \
  F(virTypedParamsAddString)         \
  F(virTypedParamsAddULLong)         \
  F(virTypedParamsFree)              \
  F(virTypedParamsGetULLong)

namespace issu::backends::vm {

/// libvirt's functions by their own names. The library comes with 45 others, which take longer to
/// find and to bind than most commands take: it is loaded when the first hypervisor is opened, and
/// a machine whose routers are containers needs none.
struct Libvirt {
#define ISSU_MEMBER(name) decltype(&::name) name = nullptr;
  ISSU_OF_LIBVIRT(ISSU_MEMBER)
#undef ISSU_MEMBER
  decltype(&::virDomainQemuAgentCommand) virDomainQemuAgentCommand = nullptr;
};

/// Loads it, once a process; an error says what is missing.
Result<void> load_libvirt();

/// Its functions, once `load_libvirt` was good.
[[nodiscard]] const Libvirt& libvirt();

}  // namespace issu::backends::vm
