// What CRIU really forgets, and that it is put back: with the CRIU of this machine.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "checkpoint/conditioner/codec.hpp"
#include "checkpoint/conditioner/conditioner.hpp"
#include "checkpoint/conditioner/options.hpp"
#include "issu/base/file.hpp"
#include "tests/checkpoint/criu_lab.hpp"
#include "tests/checkpoint/strange_sockets.hpp"
#include "tests/skip.hpp"

namespace issu::tests {
namespace {

using checkpoint::Conditioner;
using namespace checkpoint::conditioner;

void good(const Result<void>& result) {
  INFO((result ? "" : result.error().message()));
  REQUIRE(result.has_value());
}

Record collected(const CriuLab& lab) {
  const std::array pids = {lab.actor()};
  auto conditioner = Conditioner::collect(pids);
  INFO((conditioner ? "" : conditioner.error().message()));
  REQUIRE(conditioner.has_value());
  const auto file = lab.folder() / "look.state";
  good(conditioner->save(file));
  const std::string text = read_file(file).value();
  auto record = decode(std::as_bytes(std::span(text)));
  REQUIRE(record.has_value());
  return std::move(*record);
}

std::string label(const OptionValue& option) {
  return std::string(find_option(option.level, option.name)->label);
}

TEST_CASE("what CRIU forgets of a socket is put back on it") {
  if (const auto missing = CriuLab::missing(); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  CriuLab lab;
  lab.start({"strange", "p0"});
  std::array pids = {lab.actor()};
  REQUIRE(pids[0] > 0);
  const Record before = collected(lab);
  auto conditioner = Conditioner::collect(pids);
  REQUIRE(conditioner.has_value());
  CHECK_FALSE(lab.dump().has_value());  // the netlink groups
  good(conditioner->undo(pids));
  good(lab.dump());
  good(lab.restore());
  pids[0] = lab.actor();
  REQUIRE(pids[0] > 0);
  const Record forgotten = collected(lab);
  REQUIRE(forgotten.sockets.size() == before.sockets.size());
  std::set<std::string> options;
  std::set<std::string> lost;
  for (std::size_t n = 0; n < before.sockets.size(); ++n) {
    const Socket& was = before.sockets[n];
    const Socket& is = forgotten.sockets[n];
    CHECK(is.holders == was.holders);
    CHECK(is.keys.empty());
    CHECK(is.memberships.empty());
    CHECK(is.groups.empty());
    REQUIRE(is.options.size() == was.options.size());
    for (std::size_t o = 0; o < was.options.size(); ++o) {
      options.insert(label(was.options[o]));
      if (is.options[o] != was.options[o]) {
        lost.insert(label(was.options[o]));
      }
    }
  }
  // The table has nothing that CRIU restores by itself; SO_TIMESTAMPNS takes SO_TIMESTAMP's place.
  options.erase("SO_TIMESTAMP_OLD");
  CHECK(lost == options);
  good(conditioner->redo(pids));
  CHECK(collected(lab) == before);
  good(conditioner->redo(pids));
  CHECK(collected(lab) == before);
}

}  // namespace
}  // namespace issu::tests
