#include <doctest/doctest.h>

#include "issu/base/file.hpp"
#include "issu/drill/archive_words.hpp"
#include "tests/temp_dir.hpp"

namespace issu::drill {
namespace {

using Words = std::vector<std::string>;

TEST_CASE("words of a configuration are found in a file, also across the edge of a piece") {
  const tests::TempDir dir;
  std::filesystem::create_directories(dir / "config/inner");
  REQUIRE(write_file_atomic(dir / "config/a.conf", "router bgp 65000\n password between-us-two\n"));
  REQUIRE(
      write_file_atomic(dir / "config/inner/b.conf", "password between-us-two hostname drill-1"));
  const Words words = telling_words(dir / "config");
  CHECK(words == Words{"between-us-two", "hostname", "password"});

  constexpr std::size_t piece = std::size_t{4} << 20U;
  for (const std::size_t at : {std::size_t{0}, piece - 5, piece, 2 * piece - 1, 2 * piece + 7}) {
    std::string bytes(2 * piece + 100, 'x');
    bytes.replace(at, 14, "between-us-two");
    REQUIRE(write_file_atomic(dir / "file", bytes));
    CAPTURE(at);
    CHECK(words_in_file(dir / "file", words).value() == Words{"between-us-two"});
  }
  REQUIRE(write_file_atomic(dir / "file", "between-us-tw password"));
  CHECK(words_in_file(dir / "file", words).value() == Words{"password"});
  CHECK_FALSE(words_in_file(dir / "nothing", words).has_value());
}

}  // namespace
}  // namespace issu::drill
