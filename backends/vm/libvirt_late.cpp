#include "backends/vm/libvirt_late.hpp"

#include <dlfcn.h>

#include <string>

namespace issu::backends::vm {
namespace {

struct Loaded {
  Libvirt functions;
  std::string missing;  ///< empty: nothing
};

void* open_library(const char* name, std::string& missing) {
  void* library = ::dlopen(name, RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr && missing.empty()) {
    missing = ::dlerror();
  }
  return library;
}

template <typename Function>
void find(void* library, const char* name, Function& function, std::string& missing) {
  if (library == nullptr) {
    return;
  }
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (function == nullptr && missing.empty()) {
    missing = std::string("it has no ") + name;
  }
}

/// Never closed: libvirt's threads end with the process.
Loaded load() {
  Loaded loaded;
  void* const main = open_library("libvirt.so.0", loaded.missing);
#define ISSU_FIND(name) find(main, #name, loaded.functions.name, loaded.missing);
  ISSU_OF_LIBVIRT(ISSU_FIND)
#undef ISSU_FIND
  find(open_library("libvirt-qemu.so.0", loaded.missing), "virDomainQemuAgentCommand",
       loaded.functions.virDomainQemuAgentCommand, loaded.missing);
  return loaded;
}

const Loaded& loaded() {
  static const Loaded once = load();
  return once;
}

}  // namespace

Result<void> load_libvirt() {
  return loaded().missing.empty()
             ? Result<void>()
             : fail("libvirt can't be loaded: " + loaded().missing,
                    "scenarios/setup installs it (packages libvirt0, libvirt-daemon-driver-qemu)");
}

const Libvirt& libvirt() {
  return loaded().functions;
}

}  // namespace issu::backends::vm
