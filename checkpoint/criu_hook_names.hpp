#pragma once

/// What the program `issu-criu` and who calls CRIU agree on.
namespace issu::checkpoint::hook {

constexpr const char* real_program = "ISSU_CRIU_PROGRAM";  ///< environment: CRIU itself
/// Environment: what CRIU says of its version, which liblxc asks before each call. One that is
/// started for it takes as long to find its libraries as one that works.
constexpr const char* version = "ISSU_CRIU_VERSION";
constexpr const char* socket = "ISSU_CRIU_SOCKET";  ///< environment: who is asked
constexpr char go_on = 'y';
constexpr char give_up = 'n';

}  // namespace issu::checkpoint::hook
