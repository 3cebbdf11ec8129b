#include "issu/report/ledger/csv.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/report/ledger/sample.hpp"

namespace issu::ledger {
namespace {

TEST_CASE("a header, a line an entry; what was not measured is empty, a measured zero is 0") {
  Entry odd = testing::entry(2);
  odd.to = "10.3, \"next\"";
  odd.lost.reset();
  odd.dark_ms.reset();
  const std::string text = to_csv({testing::entry(1), odd});
  const auto first = text.find("\r\n");
  const auto second = text.find("\r\n", first + 2);
  const std::string header = text.substr(0, first);
  const std::string one = text.substr(first + 2, second - first - 2);
  const std::string two = text.substr(second + 2);
  CHECK(header.starts_with("sequence,router,id,origin,"));
  CHECK(one.find(",committed,2026-11-10T12:00:00.000Z,20.5,0,boot-1,0,0,401,2,0,0,") !=
        std::string::npos);
  CHECK(two.find("\"10.3, \"\"next\"\"\"") != std::string::npos);
  CHECK(two.find(",boot-1,,0,,2,") != std::string::npos);
  CHECK(std::count(header.begin(), header.end(), ',') == std::count(one.begin(), one.end(), ','));
}

}  // namespace
}  // namespace issu::ledger
