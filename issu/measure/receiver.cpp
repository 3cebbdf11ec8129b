#include "issu/measure/receiver.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "issu/measure/frame.hpp"

namespace issu::measure {
namespace {

constexpr std::size_t batch_size = 64;
constexpr std::size_t frame_space = 64;  // the rest of a larger datagram is cut off
constexpr std::size_t control_space = 128;
constexpr int turns_per_socket = 32;  // then the other sockets have their turn

/// The kernel's time stamp (CLOCK_REALTIME), 0 when the message has none.
std::int64_t stamp_of(const msghdr& header) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr;
       control = CMSG_NXTHDR(const_cast<msghdr*>(&header), control)) {
    if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS) {
      timespec stamp{};
      std::memcpy(&stamp, CMSG_DATA(control), sizeof stamp);
      return static_cast<std::int64_t>(stamp.tv_sec) * 1'000'000'000 + stamp.tv_nsec;
    }
  }
  return 0;
}

}  // namespace

struct Receiver::Batch {
  Batch() {
    for (std::size_t i = 0; i < batch_size; ++i) {
      vectors[i] = iovec{bytes[i], frame_space};
    }
  }
  void reset() {
    for (std::size_t i = 0; i < batch_size; ++i) {
      messages[i] = {};
      messages[i].msg_hdr.msg_iov = &vectors[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_control = control[i];
      messages[i].msg_hdr.msg_controllen = control_space;
    }
  }
  std::uint8_t bytes[batch_size][frame_space]{};
  alignas(cmsghdr) char control[batch_size][control_space]{};
  iovec vectors[batch_size]{};
  mmsghdr messages[batch_size]{};
};

Result<void> Receiver::start() {
  epoll_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_) {
    return fail_errno("making an epoll");
  }
  for (const auto& channel : channels_) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = channel.get();
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, channel->receiving.get(), &event) != 0) {
      return fail_errno("watching a receiving socket");
    }
  }
  thread_ = std::thread([this] { run(); });
  return {};
}

void Receiver::stop() {
  stop_.store(true);
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Receiver::publish(Channel& channel) {
  if (!channel.account) {
    return;
  }
  const SequenceTotals totals = channel.account->glance();
  channel.received.store(totals.received, std::memory_order_relaxed);
  channel.passed_over.store(totals.lost, std::memory_order_relaxed);
  channel.longest_gap.store(totals.longest_gap, std::memory_order_relaxed);
  channel.next.store(channel.account->next(), std::memory_order_relaxed);
  channel.last_arrival.store(channel.account->last_arrival(), std::memory_order_relaxed);
}

void Receiver::take(Channel& channel, const msghdr& header, std::size_t size, MonoNs now) {
  const auto frame = read_frame(
      {static_cast<const std::uint8_t*>(header.msg_iov->iov_base), std::min(size, frame_space)});
  if (!frame || frame->run != run_ || frame->stream != channel.index) {
    ++channel.strangers;
    return;
  }
  if (frame->warm_up) {
    channel.warm_ups.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (!channel.account) {
    channel.account.emplace(begin_.load(std::memory_order_acquire));
  }
  const std::int64_t stamp = stamp_of(header);
  // A wall clock that was set in between must not move an arrival before its sending.
  const MonoNs arrival = stamp == 0 ? now : wall_clock_.when(stamp, frame->sent, now);
  longest_wait_ = std::max(longest_wait_, now - arrival);
  channel.latency.add(arrival - frame->sent);
  channel.account->arrived(frame->number, arrival);
}

bool Receiver::drain(Channel& channel, Batch& batch) {
  for (int turn = 0; turn < turns_per_socket; ++turn) {
    batch.reset();
    const int count = ::recvmmsg(channel.receiving.get(), batch.messages, batch_size,
                                 MSG_DONTWAIT | MSG_TRUNC, nullptr);
    if (count < 0) {
      if (errno == EAGAIN || errno == EINTR) {
        break;
      }
      fault_ = "receiving on the stream \"" + channel.plan.name + "\": " + std::strerror(errno);
      return false;
    }
    const MonoNs now = mono_now();
    wall_clock_.read();
    for (int i = 0; i < count; ++i) {
      take(channel, batch.messages[i].msg_hdr, batch.messages[i].msg_len, now);
    }
    if (count < static_cast<int>(batch_size)) {
      break;
    }
  }
  publish(channel);
  return true;
}

void Receiver::run() {
  realtime_ = become_realtime();
  const auto batch = std::make_unique<Batch>();
  constexpr int most = 16;
  epoll_event events[most];
  for (;;) {
    const bool last_turn = stop_.load();
    const int ready = ::epoll_wait(epoll_.get(), events, most, last_turn ? 0 : 50);
    if (ready < 0 && errno != EINTR) {
      fault_ = std::string("waiting for frames: ") + std::strerror(errno);
      return;
    }
    for (int i = 0; i < ready; ++i) {
      if (!drain(*static_cast<Channel*>(events[i].data.ptr), *batch)) {
        return;
      }
    }
    if (last_turn && ready <= 0) {
      break;
    }
  }
  for (const auto& channel : channels_) {
    channel->overrun = socket_drops(channel->receiving);
  }
}

}  // namespace issu::measure
