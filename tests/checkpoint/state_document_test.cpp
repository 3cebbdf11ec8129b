#include "checkpoint/state_document.hpp"

#include <doctest/doctest.h>

#include <cstring>

namespace issu::checkpoint {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

StateBytes sample() {
  const std::vector<StateSection> sections{
      {"header", bytes_of("four")}, {"empty", {}}, {"routes", bytes_of("a longer section")}};
  auto encoded = encode_state("npu", 2, sections);
  REQUIRE(encoded);
  return std::move(*encoded);
}

TEST_CASE("what was written is read again") {
  const StateBytes bytes = sample();
  const auto document = decode_state(bytes.span(), {"npu", 1, 3});
  REQUIRE_MESSAGE(document, (document ? "" : document.error().message()));
  CHECK(document->schema == 2);
  REQUIRE(document->sections.size() == 3);
  const auto routes = document->section("routes");
  CHECK(std::string_view(reinterpret_cast<const char*>(routes.data()), routes.size()) ==
        "a longer section");
  CHECK(document->section("empty").empty());
  CHECK(document->section("none").empty());
  CHECK(digest_text(document->digest).size() == 32);
}

TEST_CASE("a section that comes in pieces is one, and as long as it was said to be") {
  const auto written = [](std::size_t said) {
    std::vector<std::string_view> pieces{"in ", "three ", "pieces"};
    std::size_t at = 0;
    const StateSection section{
        "routes", bytes_of("1 "),
        [&] { return at < pieces.size() ? bytes_of(pieces[at++]) : std::span<const std::byte>(); },
        said};
    return encode_state("npu", 1, {&section, 1});
  };
  const auto bytes = written(15);
  REQUIRE(bytes);
  const auto document = decode_state(bytes->span(), {"npu", 1, 1});
  REQUIRE(document);
  const auto routes = document->section("routes");
  CHECK(std::string_view(reinterpret_cast<const char*>(routes.data()), routes.size()) ==
        "1 in three pieces");
  CHECK(document->digest == digest_of(bytes->span()));
  CHECK_FALSE(written(16));
  CHECK_FALSE(written(14));
}

TEST_CASE("each bit that flips and each byte that is missing is seen") {
  const StateBytes bytes = sample();
  std::vector<std::byte> copy(bytes.span().begin(), bytes.span().end());
  for (std::size_t at = 0; at < copy.size(); ++at) {
    copy[at] ^= std::byte{4};
    CHECK_FALSE(decode_state(copy, {"npu", 1, 3}));
    copy[at] ^= std::byte{4};
    CHECK_FALSE(decode_state(std::span<const std::byte>(copy).first(at), {"npu", 1, 3}));
  }
}

TEST_CASE("another kind and another schema are refused with the reason") {
  const StateBytes bytes = sample();
  const auto kind = decode_state(bytes.span(), {"conditioner", 1, 3});
  REQUIRE_FALSE(kind);
  CHECK(kind.error().message().find("a state of \"npu\"") != std::string::npos);
  const auto schema = decode_state(bytes.span(), {"npu", 3, 5});
  REQUIRE_FALSE(schema);
  CHECK(schema.error().message().find("its schema is 2, 3 to 5") != std::string::npos);
  CHECK(schema.error().kind() == ErrorKind::refused);
}

TEST_CASE("the same state has the same digest") {
  const auto digest = [](const StateBytes& bytes) {
    return decode_state(bytes.span(), {"npu", 1, 3})->digest;
  };
  CHECK(digest(sample()) == digest(sample()));
}

}  // namespace
}  // namespace issu::checkpoint
