#include "issu/measure/echo_watch.hpp"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "issu/base/netns.hpp"
#include "issu/measure/destinations.hpp"

namespace issu::measure {
namespace {

/// Longer without a turn of our own: a silence could be ours.
constexpr MonoNs longest_own_pause = 1'000'000'000;

/// An echo request as both families have it, with our number behind it.
struct Question {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint16_t checksum = 0;  ///< the kernel fills in that of ICMPv6
  std::uint16_t identifier = 0;
  std::uint16_t sequence = 0;
  std::uint32_t number[2] = {};
};

std::uint16_t checksum(const Question& question) {
  std::uint16_t words[sizeof question / 2];
  std::memcpy(words, &question, sizeof question);
  std::uint32_t sum = 0;
  for (const std::uint16_t word : words) {
    sum += word;
  }
  sum = (sum >> 16) + (sum & 0xffff);
  sum += sum >> 16;
  return static_cast<std::uint16_t>(~sum);
}

/// Of all ICMP only echo replies from the address come into the socket.
Result<Fd> open_socket(const EchoPlan& plan) {
  sockaddr_storage address{};
  auto length = socket_address(plan.address, 0, address);
  if (!length) {
    return fail(std::move(length).error());
  }
  const bool v6 = address.ss_family == AF_INET6;
  Fd socket(::socket(address.ss_family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                     v6 ? static_cast<int>(IPPROTO_ICMPV6) : static_cast<int>(IPPROTO_ICMP)));
  if (!socket) {
    return fail_errno("making an ICMP socket (CAP_NET_RAW is needed)");
  }
  int set = 0;
  if (v6) {
    icmp6_filter filter{};
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
    set = ::setsockopt(socket.get(), IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter);
  } else {
    constexpr int icmp_filter = 1;  // ICMP_FILTER of <linux/icmp.h>, which clashes with glibc's
    const std::uint32_t all_but_replies = ~(1U << static_cast<unsigned>(ICMP_ECHOREPLY));
    set =
        ::setsockopt(socket.get(), SOL_RAW, icmp_filter, &all_but_replies, sizeof all_but_replies);
  }
  if (set != 0) {
    return fail_errno("setting the ICMP filter");
  }
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), *length) != 0) {
    return fail_errno("connecting to " + plan.address,
                      "the namespace " + plan.netns + " needs a route to it");
  }
  return socket;
}

}  // namespace

Result<std::unique_ptr<EchoWatch>> EchoWatch::open(const EchoPlan& plan) {
  Fd socket;
  ISSU_TRY(NetNs::inside(NetNs::path_of(plan.netns),
                         [&]() -> Result<void> {
                           auto opened = open_socket(plan);
                           if (!opened) {
                             return fail(std::move(opened).error());
                           }
                           socket = std::move(*opened);
                           return {};
                         }),
           "the echo probe \"" + plan.name + "\"");
  std::uint16_t identifier = 0;
  if (::getrandom(&identifier, sizeof identifier, 0) != sizeof identifier) {
    return fail_errno("asking for a random number");
  }
  return std::unique_ptr<EchoWatch>(new EchoWatch(plan, std::move(socket), identifier));
}

EchoWatch::EchoWatch(EchoPlan plan, Fd socket, std::uint16_t identifier)
    : plan_(std::move(plan)),
      socket_(std::move(socket)),
      identifier_(identifier),
      v6_(plan_.address.find(':') != std::string::npos) {}

EchoWatch::~EchoWatch() {
  stop();
}

void EchoWatch::start() {
  thread_ = std::thread([this] { run(); });
}

void EchoWatch::begin_counting(MonoNs at) {
  const std::lock_guard lock(mutex_);
  track_.begin_counting(at);
  longest_pause_ = 0;
  last_turn_ = at;
}

void EchoWatch::stop() {
  ask_no_more();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void EchoWatch::ask() {
  const std::lock_guard lock(mutex_);
  const MonoNs now = mono_now();
  const std::uint64_t number = track_.asked(now);
  Question question;
  question.type = v6_ ? std::uint8_t{ICMP6_ECHO_REQUEST} : std::uint8_t{ICMP_ECHO};
  question.identifier = identifier_;
  question.sequence = htons(static_cast<std::uint16_t>(number));
  question.number[0] = htonl(static_cast<std::uint32_t>(number >> 32));
  question.number[1] = htonl(static_cast<std::uint32_t>(number));
  if (!v6_) {
    question.checksum = checksum(question);
  }
  // What can't be sent (no route, a port that is down) is not answered either.
  if (::send(socket_.get(), &question, sizeof question, MSG_DONTWAIT) < 0) {
    last_errno_ = errno;
  }
}

void EchoWatch::take(const std::uint8_t* bytes, std::size_t size, MonoNs at) {
  std::size_t header = 0;
  if (!v6_) {  // a raw IPv4 socket gives the IP header, too
    header = size > 0 ? (bytes[0] & 15U) * 4U : 0;
  }
  Question answer;
  if (size < header + sizeof answer) {
    return;
  }
  std::memcpy(&answer, bytes + header, sizeof answer);
  if (answer.identifier != identifier_) {
    return;
  }
  track_.answered(std::uint64_t{ntohl(answer.number[0])} << 32 | ntohl(answer.number[1]), at);
}

void EchoWatch::hear(MonoNs until) {
  for (MonoNs now = mono_now(); now < until; now = mono_now()) {
    pollfd ready{socket_.get(), POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>((until - now + 999'999) / 1'000'000)) <= 0) {
      continue;
    }
    std::uint8_t bytes[256];
    const ssize_t size = ::recv(socket_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (size > 0) {
      const std::lock_guard lock(mutex_);
      take(bytes, static_cast<std::size_t>(size), mono_now());
    }
  }
}

void EchoWatch::note() {
  const std::lock_guard lock(mutex_);
  const MonoNs now = mono_now();
  longest_pause_ = std::max(longest_pause_, now - (last_turn_ == 0 ? now : last_turn_));
  last_turn_ = now;
  const std::string word = track_.answering(now) ? "answers" : "no answer";
  if (word != last_word_) {
    last_word_ = word;
    const MonoNs at = track_.last_answer();  // the last before, or the first after
    events_.push_back({at == 0 ? now : at, plan_.name, plan_.address, word});
  }
}

void EchoWatch::run() {
  const auto interval = static_cast<MonoNs>(1e9 / plan_.rate_pps);
  MonoNs next = mono_now();
  while (!stop_.load()) {
    ask();
    next = std::max(next + interval, mono_now());
    while (!stop_.load() && mono_now() < next) {
      hear(std::min(next, mono_now() + 50'000'000));
    }
    note();
  }
  const auto waits = [this] {
    const std::lock_guard lock(mutex_);
    return track_.waits();
  };
  for (const MonoNs end = mono_now() + EchoTrack::patience; waits() && mono_now() < end;) {
    hear(std::min(end, mono_now() + 50'000'000));
  }
}

std::vector<PeerEvent> EchoWatch::events() {
  const std::lock_guard lock(mutex_);
  return std::exchange(events_, {});
}

EchoResult EchoWatch::finish() {
  const std::lock_guard lock(mutex_);
  EchoResult result;
  result.name = plan_.name;
  result.address = plan_.address;
  result.rate_pps = plan_.rate_pps;
  track_.finish(result, mono_now());
  if (!result.measured && last_errno_ != 0) {
    result.why_not += std::string(" (") + std::strerror(last_errno_) + ")";
  }
  if (result.measured &&
      longest_pause_ > longest_own_pause + static_cast<MonoNs>(1e9 / plan_.rate_pps)) {
    result.measured = false;
    result.why_not = "the echo probe itself stood still for " +
                     std::to_string(longest_pause_ / 1'000'000) + " ms";
  }
  return result;
}

}  // namespace issu::measure
