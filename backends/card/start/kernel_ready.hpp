#pragma once

#include <string>

namespace issu::backends::card {

/// From the kernel's first program to the card's own root file system: modules, the first disk with
/// memory on top of it for what is written, the other disks. What can't be done ends the card with
/// a line on its console.
void enter_root();

/// Ends the card; `what` goes to its console.
[[noreturn]] void give_up(const std::string& what);

}  // namespace issu::backends::card
