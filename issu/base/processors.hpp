#pragma once

#include <string>
#include <vector>

#include "issu/base/result.hpp"

namespace issu {

/// Processors of this machine by the kernel's numbers, ascending, each once.
using Processors = std::vector<unsigned>;

/// Reads "1", "0-3,8" (the list format of cpuset(7)), numbers up to 1023. An error names what is
/// wrong with it.
Result<Processors> parse_processors(const std::string& list);

/// Those that are there and switched on.
Result<Processors> online_processors();

/// The calling thread on some processors only, and with it all that it starts from then on, until
/// the end of this object, which has to be in the same thread; what was started stays.
class BoundThread {
 public:
  /// `only` is not empty.
  static Result<BoundThread> to(const Processors& only);
  BoundThread(BoundThread&& from) noexcept;
  BoundThread& operator=(BoundThread&&) = delete;
  BoundThread(const BoundThread&) = delete;
  ~BoundThread();

 private:
  explicit BoundThread(Processors before) : before_(std::move(before)) {}
  Processors before_;  ///< empty: nothing to give back
};

/// Those that the calling thread may run on.
Result<Processors> own_processors();

}  // namespace issu
