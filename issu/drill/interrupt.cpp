#include "issu/drill/interrupt.hpp"

#include <algorithm>
#include <cerrno>

namespace issu::drill {

Interrupt::Interrupt() {
  sigemptyset(&signals_);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    sigaddset(&signals_, number);
  }
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
}

Interrupt::~Interrupt() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool Interrupt::sleep(std::chrono::milliseconds time) {
  const Deadline deadline = Deadline::in(time);
  while (!came_ && !time_is_up()) {
    const int left = end_ ? std::min(deadline.left_ms(), end_->left_ms()) : deadline.left_ms();
    const timespec wait{left / 1000, (left % 1000) * 1'000'000L};
    if (sigtimedwait(&signals_, nullptr, &wait) > 0) {
      came_ = true;
    } else if (errno == EAGAIN && deadline.passed()) {
      break;
    }
  }
  return came_ || time_is_up();
}

}  // namespace issu::drill
