#include "issu/history.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "tests/temp_dir.hpp"

namespace issu {
namespace {

TEST_CASE("documents are kept in order, one of the same id once") {
  const tests::TempDir dir;
  const auto file = dir / "history.jsonl";
  REQUIRE(append_history(file, {{"id", "1"}, {"outcome", "committed"}}));
  REQUIRE(append_history(file, {{"id", "2"}, {"outcome", "refused"}}));
  REQUIRE(append_history(file, {{"id", "2"}, {"outcome", "refused"}}));
  const auto history = read_history(file);
  REQUIRE(history);
  REQUIRE(history->size() == 2);
  CHECK((*history)[0]["id"] == "1");
  CHECK((*find_document(*history, "last"))["id"] == "2");
  CHECK((*find_document(*history, "1"))["outcome"] == "committed");
  CHECK_FALSE(find_document(*history, "3"));
}

TEST_CASE("a line that a crash cut short is cut off by the next append") {
  const tests::TempDir dir;
  const auto file = dir / "history.jsonl";
  REQUIRE(append_history(file, {{"id", "1"}}));
  std::ofstream(file, std::ios::app) << "{\"id\": \"2\", \"outc";
  CHECK(read_history(file)->size() == 1);
  REQUIRE(append_history(file, {{"id", "3"}}));
  const auto history = read_history(file);
  REQUIRE(history->size() == 2);
  CHECK((*history)[1]["id"] == "3");
}

TEST_CASE("no history says so") {
  const tests::TempDir dir;
  const auto history = read_history(dir / "history.jsonl");
  REQUIRE(history);
  CHECK(history->empty());
  CHECK_FALSE(find_document(*history, "last"));
}

}  // namespace
}  // namespace issu
