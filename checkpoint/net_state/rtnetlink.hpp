#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/net_state/net_object.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::checkpoint::net_state {

/// A change that the kernel refused.
struct Refusal {
  std::size_t at = 0;    ///< of the changes that were given
  int error_number = 0;  ///< positive errno
  std::string words;     ///< the kernel's own; may be empty
};

/// Asks and changes the network namespace that it was opened in. Each answer has a time limit.
class Rtnetlink {
 public:
  static Result<Rtnetlink> open();

  /// Everything that RTM_GET… `ask` tells, as long as it is kept. Tables that change meanwhile are
  /// read once more.
  Result<std::vector<NetObject>> dump(std::uint16_t ask, std::uint8_t family);
  /// Sends each as a message of its type with these flags (NLM_F_CREATE, …), many at once; gives
  /// back what the kernel refused.
  Result<std::vector<Refusal>> change(std::span<const NetObject> objects, std::uint16_t flags);
  /// One change; refused is an error.
  Result<void> change_one(const NetObject& object, std::uint16_t flags);

 private:
  explicit Rtnetlink(Fd socket) : socket_(std::move(socket)), buffer_(1U << 18U) {}
  Result<std::span<const std::byte>> receive();
  Result<bool> dump_once(std::uint16_t ask, std::uint8_t family, std::vector<NetObject>& found);

  Fd socket_;
  std::uint32_t sequence_ = 0;
  std::vector<std::byte> buffer_;
};

}  // namespace issu::checkpoint::net_state
