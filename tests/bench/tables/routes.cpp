#include "tests/bench/tables/routes.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <unordered_set>

#include "state-sync/tables/route_store.hpp"

namespace issu::bench {
namespace {

using state_sync::Prefix;

constexpr std::size_t count = std::size_t{1} << 20U;

struct Share {
  std::uint8_t length;
  std::size_t routes;
};

std::uint32_t address4(std::mt19937_64& random) {
  return std::uniform_int_distribution<std::uint32_t>(0x01000000, 0xdfffffff)(random);
}

Prefix prefix4(std::uint32_t address, std::uint8_t length) {
  Prefix made;
  made.family = 4;
  for (unsigned i = 0; i < 4; ++i) {
    made.bytes[i] = static_cast<std::uint8_t>(address >> (24 - 8 * i));
  }
  return tables::shortened(made, length);
}

std::vector<Route> make4() {
  std::mt19937_64 random(4);
  // Of 1.03 million, what the shares leave open mostly given to the longest; there are no more than
  // 57,088 of /16, so theirs are nearly all.
  std::vector<Share> shares = {{24, 592'000}, {23, 85'000}, {22, 72'000}, {19, 65'920},
                               {20, 59'740},  {16, 56'650}, {21, 46'350}, {18, 22'660},
                               {17, 12'360},  {15, 2'000},  {14, 1'200},  {13, 600}};
  for (std::uint8_t length = 25; length <= 32; ++length) {
    shares.push_back({length, 675});
  }
  std::vector<Route> made;
  for (const Share& share : shares) {
    std::unordered_set<std::uint32_t> seen;
    const std::uint32_t mask = ~0U << (32U - share.length);
    while (seen.size() < share.routes) {
      const std::uint32_t address = address4(random) & mask;
      if (seen.insert(address).second) {
        made.push_back(
            {prefix4(address, share.length), 1 + static_cast<std::uint32_t>(random() % nexthops)});
      }
    }
  }
  std::shuffle(made.begin(), made.end(), random);
  return made;
}

std::vector<Route> make6() {
  std::mt19937_64 random(6);
  const std::vector<Share> shares = {{48, 105'000}, {32, 24'000}, {44, 30'000},
                                     {40, 22'000},  {36, 12'000}, {46, 9'000},
                                     {29, 8'000},   {47, 6'000},  {64, 4'000}};
  const auto block = [&random] {
    return ((std::uint64_t{0x2000} + random() % 0x0c00) << 48U) | (random() & 0xffff00000000ULL);
  };
  // Most lie inside of some /32s, and there in a few of its /40s, as real ones do.
  std::vector<std::uint64_t> blocks(24'000);
  std::generate(blocks.begin(), blocks.end(), block);
  std::vector<Route> made;
  for (const Share& share : shares) {
    std::unordered_set<std::uint64_t> seen;
    while (seen.size() < share.routes) {
      const std::uint64_t inside = (random() & 0x03ffffffU) | ((random() % 4) << 30U);
      const std::uint64_t high =
          (share.length <= 32 ? block() : blocks[random() % blocks.size()] | inside) &
          (~std::uint64_t{0} << (64U - share.length));
      if (!seen.insert(high).second) {
        continue;
      }
      Prefix prefix;
      prefix.family = 6;
      prefix.length = share.length;
      for (unsigned i = 0; i < 8; ++i) {
        prefix.bytes[i] = static_cast<std::uint8_t>(high >> (56 - 8 * i));
      }
      made.push_back({prefix, 1 + static_cast<std::uint32_t>(random() % nexthops)});
    }
  }
  std::shuffle(made.begin(), made.end(), random);
  return made;
}

std::vector<std::uint32_t> some_addresses() {
  std::mt19937_64 random(44);
  std::vector<std::uint32_t> made(count);
  std::generate(made.begin(), made.end(), [&] { return address4(random); });
  return made;
}

std::vector<std::uint8_t> some_addresses6() {
  std::mt19937_64 random(66);
  std::vector<std::uint8_t> made(count * 16);
  for (std::size_t i = 0; i < count; ++i) {
    const Prefix& prefix = routes6()[random() % routes6().size()].prefix;
    for (std::size_t at = 0; at < 16; ++at) {
      const unsigned host = at * 8 >= prefix.length ? 0xffU
                            : at * 8 + 8 <= prefix.length
                                ? 0U
                                : 0xffU >> (prefix.length - static_cast<unsigned>(at) * 8);
      made[i * 16 + at] = static_cast<std::uint8_t>(prefix.bytes[at] | (random() & host));
    }
  }
  return made;
}

}  // namespace

const std::vector<Route>& routes4() {
  static const std::vector<Route> made = make4();
  return made;
}
const std::vector<Route>& routes6() {
  static const std::vector<Route> made = make6();
  return made;
}
const std::vector<std::uint32_t>& destinations4() {
  static const std::vector<std::uint32_t> made = some_addresses();
  return made;
}
const std::vector<std::uint8_t>& destinations6() {
  static const std::vector<std::uint8_t> made = some_addresses6();
  return made;
}

}  // namespace issu::bench
