#include <doctest/doctest.h>

#include <fstream>
#include <set>

#include "issu/image/bundle.hpp"
#include "tests/image/signed_bundle.hpp"

namespace issu {
namespace {

const tests::SignedBundle& made() {
  static const tests::SignedBundle bundle("issu-test", "10.3");
  return bundle;
}

/// Positions over the whole file, closer together in the signature, all of the last 64 bytes.
std::set<std::size_t> positions(std::size_t size, std::size_t signature_at) {
  std::set<std::size_t> chosen;
  for (std::size_t i = 0; i < 100; ++i) {
    chosen.insert(signature_at * i / 100);
  }
  for (std::size_t at = signature_at; at < size; at += 5) {
    chosen.insert(at);
  }
  for (std::size_t at = size - 64; at < size; ++at) {
    chosen.insert(at);
  }
  return chosen;
}

std::size_t signature_size(const std::string& bytes) {
  std::size_t size = 0;
  for (const char byte : bytes.substr(bytes.size() - 8)) {
    size = size << 8U | static_cast<unsigned char>(byte);
  }
  return size;
}

TEST_CASE("a flipped bit anywhere is refused") {
  const auto bytes = read_file(made().file());
  REQUIRE(bytes);
  const tests::TempDir dir;
  const std::size_t signature_at = bytes->size() - 8 - signature_size(*bytes);
  REQUIRE(image::open_bundle(made().file(), made().keyring()));
  const auto chosen = positions(bytes->size(), signature_at);
  CHECK(chosen.size() > 200);
  unsigned bit = 0;
  for (const std::size_t at : chosen) {
    std::string changed = *bytes;
    changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ (1U << bit++ % 8U));
    REQUIRE(write_file_atomic(dir / "changed", changed));
    const auto bundle = image::open_bundle(dir / "changed", made().keyring());
    CAPTURE(at);
    CAPTURE(signature_at);
    CHECK_FALSE(bundle);
    if (!bundle) {
      CHECK(bundle.error().kind() == ErrorKind::refused);
      CHECK(bundle.error().message().find("changed") != std::string::npos);
      CHECK_FALSE(bundle.error().hint().empty());
    }
  }
}

TEST_CASE("a cut at any length is refused") {
  const auto bytes = read_file(made().file());
  REQUIRE(bytes);
  const tests::TempDir dir;
  for (std::size_t i = 0; i < 60; ++i) {
    const std::size_t length = i < 30 ? bytes->size() * i / 30 : bytes->size() - (i - 29);
    REQUIRE(write_file_atomic(dir / "cut", bytes->substr(0, length)));
    const auto bundle = image::open_bundle(dir / "cut", made().keyring());
    CAPTURE(length);
    REQUIRE_FALSE(bundle);
    CHECK(bundle.error().kind() == ErrorKind::refused);
  }
}

TEST_CASE("bytes put behind or between are refused") {
  const auto bytes = read_file(made().file());
  REQUIRE(bytes);
  const tests::TempDir dir;
  REQUIRE(write_file_atomic(dir / "longer", *bytes + "x"));
  CHECK_FALSE(image::open_bundle(dir / "longer", made().keyring()));
  std::string between = *bytes;
  between.insert(bytes->size() - 8 - signature_size(*bytes), 4096, '\0');
  REQUIRE(write_file_atomic(dir / "between", between));
  CHECK_FALSE(image::open_bundle(dir / "between", made().keyring()));
}

}  // namespace
}  // namespace issu
