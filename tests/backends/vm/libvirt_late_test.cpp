#include <dlfcn.h>
#include <doctest/doctest.h>

#include "backends/vm/hypervisor.hpp"

using namespace issu;
using namespace issu::backends::vm;

TEST_CASE("libvirt is loaded with the first hypervisor, not before") {
  CHECK(::dlopen("libvirt.so.0", RTLD_LAZY | RTLD_NOLOAD) == nullptr);
  // Refused for its folder, behind the loading.
  const auto opened = Hypervisor::open({.uri = {}, .root = "relative", .netns = {}});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message().find("is not an absolute path") != std::string::npos);
  void* const library = ::dlopen("libvirt.so.0", RTLD_LAZY | RTLD_NOLOAD);
  CHECK(library != nullptr);
  if (library != nullptr) {
    ::dlclose(library);
  }
}
