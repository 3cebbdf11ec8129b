#include "issu/compare/turns.hpp"

#include <algorithm>

namespace issu::compare {

bool Turns::next() {
  const MonoNs now = mono_now();
  if (taken_ > 0) {
    longest_ = std::max(longest_, now - began_);
  }
  if (taken_ == wanted_) {
    return false;
  }
  if (interrupt_->came() || now + longest_ >= until_.at()) {
    cut_ = true;
    return false;
  }
  began_ = now;
  ++taken_;
  return true;
}

}  // namespace issu::compare
