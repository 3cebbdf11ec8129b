#pragma once

#include <cstdio>
#include <string>

/// Ends a test case that this machine can't run, and says why: tests/run shows each such line.
/// `reason` is a std::string or a literal that names what is missing.
#define ISSU_SKIP(reason)                                                                 \
  do {                                                                                    \
    std::printf("SKIPPED: %s:%d: %s\n", __FILE__, __LINE__, std::string(reason).c_str()); \
    std::fflush(stdout);                                                                  \
    return;                                                                               \
  } while (false)
