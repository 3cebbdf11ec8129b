#pragma once

#include <chrono>

/// The machine as the matrix' programs see it: in place of libc's calls, sleeping takes no time
/// and moves the clocks on, the wall clock can be set, and syncing returns at once. The product's
/// code runs as it is.
namespace issu::tests::machine {

/// Sets the wall clock forward; the monotonic one stays.
void set_clock_forward(std::chrono::seconds by);
/// The wall clock as it was.
void set_clock_right();
/// Time goes by.
void pass_time(std::chrono::nanoseconds time);

}  // namespace issu::tests::machine
