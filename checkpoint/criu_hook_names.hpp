#pragma once

/// What the program `issu-criu` and who calls CRIU agree on.
namespace issu::checkpoint::hook {

constexpr const char* real_program = "ISSU_CRIU_PROGRAM";  ///< environment: CRIU itself
constexpr const char* socket = "ISSU_CRIU_SOCKET";         ///< environment: who is asked
constexpr char go_on = 'y';
constexpr char give_up = 'n';

}  // namespace issu::checkpoint::hook
