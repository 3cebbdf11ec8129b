#include "issu/base/error.hpp"

#include <doctest/doctest.h>

#include <cerrno>

#include "issu/base/clock.hpp"
#include "issu/base/result.hpp"

using issu::Error;
using issu::ErrorKind;
using issu::Result;

namespace {

Result<int> inner() {
  return issu::fail("the file is torn", "restore it");
}

Result<int> middle() {
  ISSU_TRY(inner(), "reading the journal");
  return 1;
}

Result<int> outer() {
  auto value = middle();
  if (!value) {
    return issu::pass(std::move(value).error(), "resuming edge1");
  }
  return *value;
}

}  // namespace

TEST_CASE("a message reads from the outside in and ends with the next step") {
  const auto failed = outer();
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().message() ==
        "resuming edge1: reading the journal: the file is torn\n    -> restore it");
  CHECK(failed.error().kind() == ErrorKind::failed);
}

TEST_CASE("several reasons are all told, each with its hint") {
  Error error("no image", "give one", ErrorKind::refused);
  error.also(Error("no keyring"));
  error.also(Error("no space", "free some"));
  CHECK(error.message() == "no image\n    -> give one\nno keyring\nno space\n    -> free some");
  CHECK(error.kind() == ErrorKind::refused);
}

TEST_CASE("a layer without a context adds nothing") {
  CHECK(Error("gone").within("").within("in slot a").message() == "in slot a: gone");
}

TEST_CASE("the kind can be changed, the words stay") {
  const Error error = Error("gone", "look").within("in slot a").as(ErrorKind::needs_person);
  CHECK(error.kind() == ErrorKind::needs_person);
  CHECK(error.message() == "in slot a: gone\n    -> look");
}

TEST_CASE("errno becomes words") {
  CHECK(Error::from_errno("opening x", ENOENT).message() == "opening x: No such file or directory");
  errno = EACCES;
  const Result<int> failed = issu::fail_errno("opening y", "become root");
  CHECK(failed.error().message() == "opening y: Permission denied\n    -> become root");
}

TEST_CASE("times") {
  CHECK(issu::iso_time(0) == "1970-01-01T00:00:00.000Z");
  CHECK(issu::iso_time(1'769'860'800'123'456'789) == "2026-01-31T12:00:00.123Z");
  const auto passed = issu::Deadline::in(std::chrono::nanoseconds(-1));
  CHECK(passed.passed());
  CHECK(passed.left_ms() == 0);
  const auto soon = issu::Deadline::in(std::chrono::seconds(10));
  CHECK(soon.left_ms() > 9000);
  CHECK(soon.left_ms() <= 10000);
  int asked = 0;
  CHECK(issu::wait_until([&] { return ++asked == 3; }, soon, std::chrono::milliseconds(1)));
  CHECK_FALSE(issu::wait_until([] { return false; },
                               issu::Deadline::in(std::chrono::milliseconds(20)),
                               std::chrono::milliseconds(1)));
}
