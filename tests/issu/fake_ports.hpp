#pragma once

#include "tests/issu/fake_npu.hpp"
#include "tests/issu/fake_rp.hpp"
