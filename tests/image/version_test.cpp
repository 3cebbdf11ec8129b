#include "issu/image/version.hpp"

#include <doctest/doctest.h>

using issu::image::compare_versions;

TEST_CASE("versions are ordered as people read them") {
  const char* const ascending[] = {"",         "2.0.12", "8.4.4",       "8.4.10", "10",
                                   "10.3~rc1", "10.3",   "10.3+broken", "10.3.1", "10.10"};
  for (std::size_t left = 0; left < std::size(ascending); ++left) {
    for (std::size_t right = 0; right < std::size(ascending); ++right) {
      CAPTURE(ascending[left]);
      CAPTURE(ascending[right]);
      const int order = compare_versions(ascending[left], ascending[right]);
      CHECK((order < 0) == (left < right));
      CHECK((order > 0) == (left > right));
    }
  }
  CHECK(compare_versions("010.03", "10.3") == 0);
  CHECK(compare_versions("10.99999999999999999999999", "10.100000000000000000000000") < 0);
}
