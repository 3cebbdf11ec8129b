#include "checkpoint/archive/machine.hpp"

#include <doctest/doctest.h>

namespace issu::archive {
namespace {

TEST_CASE("versions are compared number by number") {
  CHECK(compare_versions("6.1.0-50-amd64", "6.1.0-47-amd64") > 0);
  CHECK(compare_versions("6.1.0-47-amd64", "6.1.0-47-cloud-amd64") == 0);
  CHECK(compare_versions("6.9", "6.10") < 0);
  CHECK(compare_versions("6.18.44-fc", "6.18.44") == 0);
  CHECK(compare_versions("4.2", "4.2.0") == 0);
  CHECK(compare_versions("4.2.1", "4.2") > 0);
  CHECK(compare_versions("", "") == 0);
  CHECK(compare_versions("99999999999999999999999.1", "1") > 0);
}

TEST_CASE("a state goes on where it was saved, and on what is newer") {
  const Machine made{"one", "x86_64", "6.1.0-47-amd64", "4.2"};
  CHECK(can_go_on(made, made));
  CHECK(can_go_on(made, {"two", "x86_64", "6.12.1", "4.2.1"}));
}

TEST_CASE("older kernel, older or no CRIU, another architecture: all reasons at once") {
  const Machine made{"one", "x86_64", "6.1.0-47-amd64", "4.2"};
  const auto refused = can_go_on(made, {"two", "aarch64", "6.1.0-22-arm64", "3.17.1"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  const std::string told = refused.error().message();
  for (const char* word : {"x86_64", "aarch64", "6.1.0-47-amd64", "older 6.1.0-22-arm64",
                           "CRIU 4.2", "older 3.17.1"}) {
    CHECK_MESSAGE(told.find(word) != std::string::npos, word);
  }
  const auto none = can_go_on(made, {"two", "x86_64", "6.1.0-47-amd64", ""});
  REQUIRE_FALSE(none);
  CHECK(none.error().message().find("no CRIU works") != std::string::npos);
}

TEST_CASE("this machine says what it is") {
  const auto here = this_machine("4.2.1");
  REQUIRE(here);
  CHECK_FALSE(here->architecture.empty());
  CHECK(compare_versions(here->kernel, "1") > 0);
  CHECK(can_go_on(*here, *here));
}

}  // namespace
}  // namespace issu::archive
