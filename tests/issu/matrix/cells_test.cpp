#include <doctest/doctest.h>

#include <map>
#include <set>
#include <vector>

#include "issu/fault_matrix.hpp"

namespace issu {
namespace {

TEST_CASE("each strategy, phase, moment and fault has its cell, once") {
  const std::vector<Cell> cells = fault_matrix();
  CHECK(cells.size() == all_strategies().size() * phase_count * 3 * fault_count);
  std::set<std::string> names;
  for (const Cell& cell : cells) {
    names.insert(cell.name());
  }
  CHECK(names.size() == cells.size());
  CHECK(names.contains("restart/freeze/during/killed"));
}

TEST_CASE("a phase that is added to the table has cells with that") {
  std::vector<PhaseRow> phases(phase_table.begin(), phase_table.end());
  phases.push_back(phases.back());
  phases.back().name = "celebrate";
  std::size_t added = 0;
  for (const Cell& cell : fault_matrix(all_strategies(), phases, fault_table)) {
    added += cell.phase.name == "celebrate" ? 1 : 0;
  }
  CHECK(added == all_strategies().size() * 3 * fault_count);
}

TEST_CASE("a fault that is added to the table has cells with that") {
  std::vector<FaultRow> faults(fault_table.begin(), fault_table.end());
  faults.push_back({Fault::killed, "moon", "the moon is full", false});
  std::size_t added = 0;
  for (const Cell& cell : fault_matrix(all_strategies(), phase_table, faults)) {
    added += cell.fault.name == "moon" ? 1 : 0;
  }
  CHECK(added == all_strategies().size() * phase_count * 3);
}

TEST_CASE("both tables are in the order of their enumerations, and every step is there") {
  for (std::size_t index = 0; index < phase_count; ++index) {
    CHECK(static_cast<std::size_t>(phase_table[index].phase) == index);
  }
  for (std::size_t index = 0; index < fault_count; ++index) {
    CHECK(static_cast<std::size_t>(fault_table[index].fault) == index);
  }
  for (const Strategy* strategy : all_strategies()) {
    for (const Step& step : strategy->steps) {
      CHECK((step.run != nullptr));
      CHECK((step.undo != nullptr));
    }
  }
}

}  // namespace
}  // namespace issu
