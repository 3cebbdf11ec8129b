#include "backends/vm/guest_answers.hpp"

#include <doctest/doctest.h>

namespace issu::backends::vm {
namespace {

TEST_CASE("a guest's agent says which program it began, and how that ended") {
  CHECK(parse_exec(R"({"return":{"pid":712}})").value() == 712);
  CHECK_FALSE(parse_exec_status(R"({"return":{"exited":false}})").value());
  const auto ended = parse_exec_status(
      R"({"return":{"exited":true,"exitcode":3,"out-data":"aGVsbG8K","err-data":"eA=="}})");
  REQUIRE(ended);
  REQUIRE(*ended);
  CHECK((*ended)->exit_code == 3);
  CHECK((*ended)->output == "hello\n");
  CHECK((*ended)->errors == "x");
  CHECK((*parse_exec_status(R"({"return":{"exited":true,"signal":9}})"))->exit_code == 128 + 9);
}

TEST_CASE("a guest that says something else is not understood, and does no harm") {
  for (const char* answer :
       {"", "{", "[]", "{}", R"({"return":[]})", R"({"return":{"pid":"7"}})",
        R"({"return":{"pid":-7}})", R"({"return":{"pid":7.5}})", R"({"return":{"exited":1}})",
        R"({"return":{"exited":"true"}})", R"({"error":{"class":"GenericError"}})"}) {
    CAPTURE(answer);
    CHECK_FALSE(parse_exec(answer));
    CHECK_FALSE(parse_exec_status(answer));
  }
  const auto strange = parse_exec_status(
      R"({"return":{"exited":true,"exitcode":"0","signal":[],"out-data":7,"err-data":{}}})");
  REQUIRE(strange);
  REQUIRE(*strange);
  CHECK((*strange)->exit_code == 128);
  CHECK((*strange)->output.empty());
}

}  // namespace
}  // namespace issu::backends::vm
