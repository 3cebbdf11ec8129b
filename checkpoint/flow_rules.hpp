#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/tcp_flow.hpp"
#include "issu/base/result.hpp"

namespace issu::checkpoint {

/// Messages for the kernel's packet filter (nfnetlink), one after the other, to be taken as one
/// step: all of them or none.
struct FilterBatch {
  std::vector<char> bytes;
  unsigned last = 0;  ///< the sequence number of the one whose answer comes last
};

/// A table of the family inet that drops the packets of these flows, in and out: on the way in
/// before connection tracking sees them, on the way out before anything else does. In place of one
/// of that name. Each flow is in it for `time`.
[[nodiscard]] FilterBatch locking_batch(const std::string& table, std::span<const TcpFlow> flows,
                                        std::chrono::seconds time);
/// Takes the table away. One that is not there is fine.
[[nodiscard]] FilterBatch lifting_batch(const std::string& table);
/// To the packet filter of the caller's network namespace. Needs CAP_NET_ADMIN there.
Result<void> send_batch(const FilterBatch& batch);

}  // namespace issu::checkpoint
