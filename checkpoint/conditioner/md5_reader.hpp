#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <vector>

#include "checkpoint/conditioner/record.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::checkpoint::conditioner {

/// Asks the kernel for the TCP MD5 keys of sockets in a network namespace: over inet_diag, the
/// only one to tell them (INET_DIAG_MD5SIG, needs CAP_NET_ADMIN). It does not tell for which VRF
/// a key is.
class Md5Reader {
 public:
  static Result<Md5Reader> open(const std::filesystem::path& netns);

  /// The keys of a TCP socket of ours in that namespace, sorted. An error when the kernel does not
  /// find a socket that listens or is connected: no keys would be wrong then.
  Result<std::vector<Md5Key>> keys_of(int fd);

 private:
  explicit Md5Reader(Fd fd) : fd_(std::move(fd)) {}
  /// Nothing when the kernel finds another socket, or none, under these addresses.
  Result<std::optional<std::vector<Md5Key>>> ask_one(int fd);
  Result<void> list_all();

  Fd fd_;
  std::map<std::uint64_t, std::vector<Md5Key>> all_;  ///< by inode
  bool listed_ = false;                               ///< `all_` is filled
};

}  // namespace issu::checkpoint::conditioner
