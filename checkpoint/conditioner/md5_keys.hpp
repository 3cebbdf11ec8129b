#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <vector>

#include "checkpoint/conditioner/record.hpp"
#include "issu/base/result.hpp"

namespace issu::checkpoint::conditioner {

/// The TCP MD5 keys of every TCP socket of a network namespace, by the socket's inode: the kernel
/// tells them over inet_diag only (INET_DIAG_MD5SIG, needs CAP_NET_ADMIN). It does not tell for
/// which VRF a key is.
Result<std::map<std::uint64_t, std::vector<Md5Key>>> read_md5_keys(
    const std::filesystem::path& netns);

/// The keys in the messages of an inet_diag answer; what is cut off or out of range is left out.
/// Whether the answer has come to its end.
bool parse_md5_keys(std::span<const std::byte> messages,
                    std::map<std::uint64_t, std::vector<Md5Key>>& keys);

/// Gives the keys to a TCP socket of `family` (AF_INET or AF_INET6), in any state.
Result<void> write_md5_keys(int fd, int family, std::span<const Md5Key> keys);

}  // namespace issu::checkpoint::conditioner
