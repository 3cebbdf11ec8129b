#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "tests/issu/matrix/faulty_lab.hpp"

namespace issu::tests {

/// What came of one run.
struct Played {
  bool struck = false;  ///< the fault happened, the second one too where there is one
  bool person = false;  ///< was needed on the way
  Outcome outcome = Outcome::needs_operator;
  std::vector<std::string> violations;  ///< of the invariants and of what every end has to be
};

/// Plays a run to its end, with coordinators that take the place of killed ones and a person who
/// repairs what the messages name.
Played play(const Run& run);

/// What came of many.
struct Tally {
  std::size_t cells = 0;
  std::size_t runs = 0;
  std::size_t violations = 0;
  std::map<std::string, std::size_t> ends;  ///< "committed", "rolled-back, after a person", …
  std::vector<std::string> said;            ///< the first violations
  std::vector<std::string> idle;            ///< cells whose fault never happened
  void add(const Run& run, const Played& played);
};

/// How much of the matrix.
struct Extent {
  bool second_faults = true;
  std::optional<Fault> only = std::nullopt;
  std::size_t enough = static_cast<std::size_t>(-1);  ///< violations, then no more are looked for
  bool disks = true;  ///< cells that need a filesystem of their own: root
};

/// Plays the cells of a strategy, each in all its ways.
void play_cells(const Strategy& strategy, const std::string& way_back, const Extent& extent,
                Tally& tally);

}  // namespace issu::tests
