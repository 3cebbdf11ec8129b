#include <cmath>
#include <cstdlib>
#include <string>

#include "backends/card/document.hpp"
#include "issu/history.hpp"
#include "issu/measure/plan_json.hpp"
#include "issu/measure/result_json.hpp"
#include "issu/report/ledger/csv.hpp"
#include "issu/report/ledger/entry.hpp"
#include "tests/fuzz/json_change.hpp"
#include "tests/fuzz/memory_file.hpp"

namespace {

using namespace issu;

void use(const std::string& text) {
  if (const auto plan = measure::plan_from_json(text)) {
    if (!measure::plan_from_json(measure::plan_to_json(*plan))) {
      std::abort();
    }
  }
  if (const auto seen = measure::measurement_from_json(text)) {
    static_cast<void>(measure::measurement_to_json(*seen));
  }
  if (const auto live = measure::live_from_json(text)) {
    static_cast<void>(measure::live_to_json(*live));
  }
  if (const auto card = backends::card::read_document(text)) {
    if (!backends::card::read_document(backends::card::write_document(*card))) {
      std::abort();
    }
  }
  const auto document = nlohmann::ordered_json::parse(text, nullptr, false);
  static_cast<void>(ledger::to_csv({ledger::entry_of(document)}));
  const fuzz::MemoryFile file(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  if (const auto history = read_history(file.path())) {
    static_cast<void>(find_document(*history, "last"));
    static_cast<void>(find_document(*history, "another"));
  }
}

}  // namespace

// Documents that lie on the disk: the plan and the result of a measurement, a card's document, the
// history and what the SLA ledger takes of it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  use(text);
  if (const std::string changed = fuzz::with_another_type(text, fuzz::choice_of(data, size));
      !changed.empty()) {
    use(changed);
  }
  return 0;
}
