#pragma once

#include <cstdint>
#include <optional>

#include "issu/context.hpp"
#include "issu/converge.hpp"

namespace issu::steps {

/// What the soak looks at, again and again: each look is an error where the evidence says that the
/// new side is worse than the old one was. What can look bad for a moment has to look so several
/// times.
class SoakWatch {
 public:
  /// Both outlive it.
  SoakWatch(Context& context, const Baseline& baseline)
      : context_(&context), baseline_(&baseline) {}

  Result<void> look();
  /// Something looks bad and may yet be nothing: the soak is not over.
  [[nodiscard]] bool in_doubt() const { return lossy_ + short_ + unseen_ > 0; }

 private:
  Result<void> budget();
  Result<void> health();
  Result<void> sessions();
  Result<void> memory(const backends::SlotStatus& status);
  Result<void> routes();

  Context* context_;
  const Baseline* baseline_;
  int lossy_ = 0;                        ///< looks in a row with a loss above the budget
  int short_ = 0;                        ///< with routes missing
  int unseen_ = 0;                       ///< with an NPU that does not say what it has
  MonoNs counted_at_ = 0;                ///< the NPU's routes; 0: never
  std::optional<std::uint64_t> memory_;  ///< of the daemons at the first look
};

}  // namespace issu::steps
