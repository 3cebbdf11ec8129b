// Who watches the coordinator of the fault matrix, as issu/supervise.cpp does in processes.

#include "issu/step_watch.hpp"
#include "tests/issu/matrix/faulty_lab.hpp"
#include "tests/issu/matrix/machine.hpp"

namespace issu::tests {

void FaultyLab::end_hung() {
  constexpr int longest = 4000;  // seconds
  const auto records = Journal::read(store.journal());
  StepWatch watch(config);
  int waited = 0;
  while (!watch.overdue(*records, mono_now()) && ++waited < longest) {
    machine::pass_time(std::chrono::seconds(1));
  }
  if (std::chrono::seconds(waited) < time_allowed(*records, config) || waited == longest) {
    wrong("a step that hangs is ended at another time than its deadline");
  }
  causes_.emplace_back("did not end within");
  const auto noted = note_hang(store.journal(), config);
  if (!noted || !*noted) {
    wrong("that a step was ended is not in the journal");
  }
}

}  // namespace issu::tests
