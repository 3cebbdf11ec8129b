#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "issu/base/result.hpp"

namespace issu::doctor {

/// Tries something out: says what it saw, or why it does not work.
using Trial = std::function<Result<std::string>()>;

/// Runs `trial` in a process of its own that is ended when `deadline` is over (then the error has
/// ErrorKind::timeout). Where we are root, that process is the first of a pid namespace and has a
/// mount namespace of its own with /run an empty tmpfs: it may change namespaces, mount and start
/// what it likes, all of it ends with it. Call it while this process has one thread only.
Result<std::string> probe(const Trial& trial, std::chrono::milliseconds deadline);

}  // namespace issu::doctor
