#pragma once

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::soft {

/// Asks the kernel (generic netlink family "netdev", Linux 6.3) what interfaces of the calling
/// thread's network namespace can do.
class XdpFeatures {
 public:
  /// Fails on a kernel that can't be asked.
  static Result<XdpFeatures> open();

  /// Whether XDP frames can be redirected to the interface now. A veth takes them only while its
  /// other end gathers (GRO) or has an XDP program itself.
  [[nodiscard]] Result<bool> takes_frames(unsigned ifindex) const;

 private:
  XdpFeatures(Fd socket, std::uint16_t family) : socket_(std::move(socket)), family_(family) {}
  Fd socket_;
  std::uint16_t family_ = 0;
};

}  // namespace issu::backends::soft
