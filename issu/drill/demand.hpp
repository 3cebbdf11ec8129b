#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "issu/drill/scenario.hpp"

namespace issu::drill {

/// What a drill needs of the machine while it runs.
struct Demand {
  bool alone = false;  ///< nothing else may run beside it
  unsigned cores = 1;  ///< processors that it keeps busy
  std::string why;     ///< for people: "it looks at the whole machine"
};

/// Alone is what another drill would disturb: virtual machines (their processors are programs),
/// a look at the whole machine, an expectation about a time. Of the others the load says how many
/// processors they take. A scenario's `beside_others` overrules all but the look at the machine.
[[nodiscard]] Demand demand_of(const Scenario& scenario);

/// What there is to share.
struct Capacity {
  unsigned jobs = 1;   ///< drills at once, the operator's word
  unsigned cores = 1;  ///< processors
};

/// Which of the waiting drills can start beside those that run: the first that fits, those that
/// have to be alone after all others. No value: none now. With nothing running there is always one.
[[nodiscard]] std::optional<std::size_t> next_to_start(const std::vector<Demand>& waiting,
                                                       const std::vector<Demand>& running,
                                                       const Capacity& capacity);

/// "alone: it judges a time (…)", "beside others, 2 of 8 processors: …"
[[nodiscard]] std::string words_of(const Demand& demand, const Capacity& capacity);

}  // namespace issu::drill
