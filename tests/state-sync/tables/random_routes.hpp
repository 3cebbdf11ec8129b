#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "state-sync/tables/route_store.hpp"
#include "state-sync/tables/types.hpp"

namespace issu::tables::tests {

/// Random prefixes that overlap a lot: they are drawn around a few centres, so that most are
/// inside of others and beside each other.
class RandomRoutes {
 public:
  /// `shortest` and `longest`: lengths that it draws.
  RandomRoutes(std::uint64_t seed, std::uint8_t family, unsigned shortest, unsigned longest)
      : random_(seed), family_(family), shortest_(shortest), longest_(longest) {
    for (auto& centre : centres_) {
      fill(centre, 0);
    }
  }

  Prefix prefix() {
    Prefix made;
    made.family = family_;
    made.bytes = near(centres_[below(centres_.size())]);
    return shortened(made, static_cast<std::uint8_t>(shortest_ + below(longest_ - shortest_ + 1)));
  }
  /// An address somewhere, or near to where prefixes are.
  std::array<std::uint8_t, 16> address() {
    std::array<std::uint8_t, 16> made = centres_[below(centres_.size())];
    if (below(8) == 0) {
      fill(made, 0);
      return made;
    }
    return near(made);
  }
  std::size_t below(std::size_t limit) { return random_() % limit; }

 private:
  [[nodiscard]] std::size_t width() const { return family_ == 6 ? 16 : 4; }
  void fill(std::array<std::uint8_t, 16>& bytes, std::size_t from) {
    for (std::size_t i = from; i < width(); ++i) {
      bytes[i] = static_cast<std::uint8_t>(random_());
    }
  }
  /// The same first bits, how many is left to chance; the rest at random or all of one kind.
  std::array<std::uint8_t, 16> near(std::array<std::uint8_t, 16> bytes) {
    const std::size_t bit = below(width() * 8);
    const auto low = static_cast<std::uint8_t>(0xffU >> (bit % 8));
    const std::size_t kind = below(4);
    for (std::size_t i = bit / 8; i < width(); ++i) {
      const auto mask = i == bit / 8 ? low : std::uint8_t{0xff};
      const auto value = kind == 0 ? 0 : kind == 1 ? 0xff : static_cast<unsigned>(random_());
      bytes[i] = static_cast<std::uint8_t>((bytes[i] & ~mask) | (value & mask));
    }
    return bytes;
  }

  std::mt19937_64 random_;
  std::uint8_t family_;
  unsigned shortest_;
  unsigned longest_;
  std::array<std::array<std::uint8_t, 16>, 40> centres_{};
};

}  // namespace issu::tables::tests
