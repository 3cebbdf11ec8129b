#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "issu/base/result.hpp"

namespace issu::checkpoint {

/// What its program is called, also by liblxc.
extern const std::string criu_name;

/// A CRIU that starts on this kernel.
struct Criu {
  std::filesystem::path program;  ///< absolute
  std::string version;            ///< "4.2.1"
};

/// Every CRIU on this machine, in the order in which they are asked: the prefix of the set-up
/// (/opt/issu/criu, or ISSU_CRIU_PREFIX) first, then PATH. They may not work here.
std::vector<std::filesystem::path> criu_programs();

/// The version that it tells of itself.
Result<std::string> criu_version(const std::filesystem::path& program);

/// Its own `check`: can it work on this kernel at all? Needs root.
Result<void> criu_check(const std::filesystem::path& program);

/// The first of `criu_programs` that passes its `check`; the error says why each did not.
Result<Criu> locate_criu();

/// The lines of its log that say why it failed, joined; without the one that it writes on every
/// run that may not raise RLIMIT_NOFILE. At most 600 characters.
std::string criu_reasons(const std::string& log);

/// Dumps a child with an inet socket and restores it, for real, in namespaces of its own (pid,
/// mount, network): nothing of it touches the host, and nothing is left however it ends. That it
/// passes says more than `criu_check`, which some versions pass and then fail to dump a socket.
/// Needs root. ErrorKind::timeout after `timeout`.
Result<void> criu_self_test(const Criu& criu,
                            std::chrono::milliseconds timeout = std::chrono::seconds(20));

/// PATH with this CRIU's folder in front, as "PATH=…": for a library that starts the first
/// `criu` that it finds there.
std::string criu_path_variable(const Criu& criu);

}  // namespace issu::checkpoint
