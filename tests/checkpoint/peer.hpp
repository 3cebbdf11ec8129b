#pragma once

#include <cstdint>
#include <string>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::tests {

/// The far end of a TCP session in another network namespace: with a key it takes
/// signed segments only, and only from one hop away.
class Peer {
 public:
  /// Listens on `address` of the namespace; `key`, unless it is empty, is for `from`.
  static Result<Peer> listen(const std::string& netns, const std::string& address,
                             const std::string& from, const std::string& key);
  [[nodiscard]] std::uint16_t port() const { return port_; }
  Result<void> accept();
  Result<void> send(const std::string& text) const;
  /// As many bytes as asked for, or what there was when the time was over or the session ended.
  [[nodiscard]] std::string receive(std::size_t size, int milliseconds) const;
  /// 0, or the error that ended the session.
  [[nodiscard]] int error() const;

 private:
  Fd listener_;
  Fd session_;
  std::uint16_t port_ = 0;
};

/// A counter of /proc/net/netstat or snmp in a namespace, "TCPMD5NotFound", "OutRsts".
std::uint64_t counter(const std::string& netns, const std::string& name);

}  // namespace issu::tests
