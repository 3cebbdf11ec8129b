#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tests/backends/npu/soft/engine/engine_lab.hpp"

namespace issu::backends::soft {

/// A host's UDP socket, in its own kernel: what it sends and receives are real packets.
class UdpHost {
 public:
  /// `own`: an address of the host.
  UdpHost(const NetworkLab& network, const std::string& host, const std::string& own,
          std::uint16_t port);
  void send(const std::string& to, std::uint16_t port, const std::string& text,
            int hop_limit = 64) const;
  /// The next datagram; empty: there is none.
  [[nodiscard]] std::string receive() const;
  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  Fd socket_;
  int family_ = 0;
};

/// Numbered datagrams from h1 to h2 at a rate, and which of them arrived. IPv4 and IPv6 in turns.
class Stream {
 public:
  Stream(const NetworkLab& network, unsigned per_second);
  ~Stream() { stop(); }
  /// Ends the sending; what is under way may still arrive.
  void stop();
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t received() const { return received_; }
  /// Waits for what is under way; then sent less received.
  [[nodiscard]] std::uint64_t lost();

 private:
  void send_all(unsigned per_second);
  void receive_all();

  UdpHost from4_, from6_, to4_, to6_;
  std::atomic<bool> stop_sending_{false};
  std::atomic<bool> stop_receiving_{false};
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> received_{0};
  std::thread sender_;
  std::thread receiver_;
};

/// What comes to an interface of a namespace, as frames.
class Capture {
 public:
  Capture(const NetworkLab& network, const std::string& name, const std::string& interface);
  /// Frames since the last call.
  [[nodiscard]] std::vector<frames::Bytes> take() const;

 private:
  Fd socket_;
};

/// A persistent tap in the namespace of the NPU, and the machine that has opened it: a slot.
class SlotTap {
 public:
  SlotTap(const NetworkLab& network, const std::string& name);
  /// Frames that the machine was given since the last call.
  [[nodiscard]] std::vector<frames::Bytes> take() const;
  /// The machine sends.
  void send(const frames::Bytes& frame) const;
  [[nodiscard]] unsigned index() const { return index_; }

 private:
  Fd machine_;
  unsigned index_ = 0;
};

/// Puts frames on a host's wire as they are.
class FrameSender {
 public:
  FrameSender(const NetworkLab& network, const std::string& name, const std::string& interface);
  void send(const frames::Bytes& frame) const;

 private:
  std::optional<TxSocket> socket_;
};

}  // namespace issu::backends::soft
