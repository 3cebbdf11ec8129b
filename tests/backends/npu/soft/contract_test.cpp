#include <doctest/doctest.h>
#include <unistd.h>

#include "tests/backends/npu/soft/soft_lab.hpp"
#include "tests/skip.hpp"

using namespace issu::backends;

TEST_CASE("the soft driver keeps the contract of the NPU port, told over FPM") {
  if (::geteuid() != 0) {
    ISSU_SKIP("root is needed for network namespaces");
  }
  SoftLab lab("fpm");
  auto hands = lab.contract_lab();
  contract::npu_contract(hands);
}

TEST_CASE("the soft driver keeps the contract of the NPU port, told by the kernel's table") {
  if (::geteuid() != 0) {
    ISSU_SKIP("root is needed for network namespaces");
  }
  SoftLab lab("netlink");
  auto hands = lab.contract_lab();
  contract::npu_contract(hands);
}
