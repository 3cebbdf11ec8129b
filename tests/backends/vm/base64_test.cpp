#include "backends/vm/base64.hpp"

#include <doctest/doctest.h>

using issu::backends::vm::base64_decoded;

TEST_CASE("base64 as RFC 4648, 10, has it") {
  CHECK(base64_decoded("").empty());
  CHECK(base64_decoded("Zg==") == "f");
  CHECK(base64_decoded("Zm8=") == "fo");
  CHECK(base64_decoded("Zm9v") == "foo");
  CHECK(base64_decoded("Zm9vYmFy") == "foobar");
  CHECK(base64_decoded("AAAA") == std::string(3, '\0'));
}

TEST_CASE("what is no base64 ends it") {
  CHECK(base64_decoded("Zm9v\nZm9v") == "foo");
  CHECK(base64_decoded("Zm9").empty());
  CHECK(base64_decoded("====").size() <= 3);
}
