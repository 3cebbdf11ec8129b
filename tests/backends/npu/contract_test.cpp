#include <doctest/doctest.h>

#include "tests/backends/npu/kernel_lab.hpp"
#include "tests/backends/npu_contract.hpp"
#include "tests/skip.hpp"

using namespace issu::backends;

TEST_CASE("the kernel driver keeps the contract of the NPU port") {
  if (!is_root()) {
    ISSU_SKIP("root is needed for network namespaces");
  }
  const KernelLab lab;
  auto hands = lab.contract_lab();
  contract::npu_contract(hands);
}
