#include "tests/bench/fpm/stream.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <utility>

#include "state-sync/fpm/frames.hpp"
#include "state-sync/tables/route_store.hpp"
#include "tests/state-sync/fpm/messages.hpp"

namespace issu::bench {
namespace {

using state_sync::Prefix;

constexpr std::uint32_t gateways = 64;
constexpr std::uint32_t first_group = 1000;
constexpr std::uint64_t parents6 = 6000;

/// Length and its share in 1000.
struct Share {
  std::uint8_t length;
  unsigned share;
};
constexpr Share shares4[] = {{24, 552}, {23, 79}, {22, 67}, {19, 64}, {20, 58}, {16, 55},
                             {21, 45},  {18, 22}, {17, 12}, {25, 2},  {28, 2},  {32, 2}};
constexpr Share shares6[] = {{48, 500}, {44, 130}, {40, 120}, {36, 80}, {32, 170}};

template <std::size_t count>
std::uint8_t drawn_length(const Share (&shares)[count], std::mt19937_64& random) {
  unsigned all = 0;
  for (const Share& each : shares) {
    all += each.share;
  }
  auto left = static_cast<unsigned>(random() % all);
  for (const Share& each : shares) {
    if (left < each.share) {
      return each.length;
    }
    left -= each.share;
  }
  return shares[0].length;
}

std::string gateway(std::uint8_t family, std::uint32_t n) {
  return family == 6 ? "2001:db8::" + std::to_string(n + 2) : "192.0.2." + std::to_string(n + 2);
}

/// Which next hop the n-th route has: neighbours in the table often share theirs.
std::uint32_t hop_of(std::size_t n) {
  return static_cast<std::uint32_t>(n / 5 * 7 % gateways);
}
bool has_two(std::size_t n) {
  return n % 8 == 0;
}

}  // namespace

std::vector<Prefix> realistic_prefixes(std::uint8_t family, std::size_t count) {
  std::mt19937_64 random(family);
  std::vector<Prefix> made;
  while (made.size() < count) {
    while (made.size() < count + count / 8) {
      Prefix prefix;
      prefix.family = family;
      const std::uint64_t bits = random();
      if (family == 4) {
        prefix.bytes[0] = static_cast<std::uint8_t>(1 + bits % 223);
        for (std::size_t i = 1; i < 4; ++i) {
          prefix.bytes[i] = static_cast<std::uint8_t>(bits >> (8 * i));
        }
        made.push_back(tables::shortened(prefix, drawn_length(shares4, random)));
      } else {
        // Longer ones lie below few /32s, and there close together.
        const std::uint8_t length = drawn_length(shares6, random);
        const std::uint64_t block = length == 32 ? bits : bits % parents6 * 0x9e3779b97f4a7c15ULL;
        prefix.bytes = {0x20,
                        0x01,
                        static_cast<std::uint8_t>(block >> 40U & 15U),
                        static_cast<std::uint8_t>(block >> 48U),
                        static_cast<std::uint8_t>(bits >> 32U & 0xe0U),
                        static_cast<std::uint8_t>(bits >> 24U)};
        made.push_back(tables::shortened(prefix, length));
      }
    }
    std::sort(made.begin(), made.end());
    made.erase(std::unique(made.begin(), made.end()), made.end());
  }
  std::shuffle(made.begin(), made.end(), random);
  made.resize(count);
  std::sort(made.begin(), made.end());
  return made;
}

std::vector<std::byte> fpm_stream(const std::vector<Prefix>& prefixes, Saying saying) {
  using tests::operator+;
  const std::uint8_t family = prefixes.front().family;
  std::vector<std::byte> stream;
  if (saying != Saying::by_hops) {
    for (std::uint32_t n = 0; n < gateways; ++n) {
      auto hop = tests::new_nexthop(n + 1, {gateway(family, n), 1});
      hop[sizeof(nlmsghdr)] = static_cast<std::byte>(family == 6 ? AF_INET6 : AF_INET);
      fpm::append_frame(stream, hop);
    }
    for (std::uint32_t n = 0; n < gateways; ++n) {
      fpm::append_frame(stream, tests::new_group(first_group + n, {n + 1, (n + 1) % gateways + 1}));
    }
  }
  for (std::size_t n = 0; n < prefixes.size(); ++n) {
    const std::uint32_t hop = hop_of(n);
    const std::string prefix = prefixes[n].text();
    if (saying == Saying::by_hops) {
      std::vector<tests::Gateway> hops{{gateway(family, hop), 1}};
      if (has_two(n)) {
        hops.push_back({gateway(family, (hop + 1) % gateways), 1});
      }
      fpm::append_frame(stream, tests::new_route(prefix, 0, hops));
      continue;
    }
    const auto route = tests::new_route(prefix, has_two(n) ? first_group + hop : hop + 1);
    fpm::append_frame(stream, saying == Saying::pairs ? tests::del_route(prefix) + route : route);
  }
  return stream;
}

}  // namespace issu::bench
