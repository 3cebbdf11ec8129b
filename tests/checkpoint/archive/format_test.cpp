#include "checkpoint/archive/format.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace issu::archive {
namespace {

Header passphrase_header() {
  Header header;
  header.key_source = KeySource::passphrase;
  header.scrypt_log2 = 17;
  std::fill(header.salt.begin(), header.salt.end(), 's');
  std::fill(header.check.begin(), header.check.end(), 'c');
  return header;
}

TEST_CASE("a header is read as it was written") {
  const auto bytes = encode(passphrase_header());
  const auto header = decode_header(bytes, "x");
  REQUIRE(header);
  CHECK(header->key_source == KeySource::passphrase);
  CHECK(header->scrypt_log2 == 17);
  CHECK(header->chunk_log2 == 20);
  CHECK(header->salt[31] == 's');
  CHECK(header->check[0] == 'c');
  CHECK(encode(*header) == bytes);
}

TEST_CASE("a header can't ask for more than the bounds") {
  const auto refused = [](std::size_t at, unsigned char value) {
    auto bytes = encode(passphrase_header());
    bytes[at] = value;
    const auto header = decode_header(bytes, "x");
    return !header && header.error().kind() == ErrorKind::refused;
  };
  CHECK(refused(15, 19));  // 512 MiB
  CHECK(refused(15, 63));  // more than any machine has
  CHECK(refused(15, 13));  // too little to be ours
  CHECK(refused(16, 64));  // r
  CHECK(refused(23, 1));   // p: 16 million times the work
  CHECK(refused(20, 0));   // p
  CHECK(refused(14, 11));  // pieces
  CHECK(refused(14, 23));
  CHECK(refused(14, 255));
  CHECK(refused(13, 0));  // key source
  CHECK(refused(12, 2));  // cipher
  CHECK(refused(24, 1));  // kept free
}

TEST_CASE("a key file's header has no cost of a passphrase in it") {
  auto bytes = encode(Header{});
  REQUIRE(decode_header(bytes, "x"));
  bytes[15] = 17;
  CHECK_FALSE(decode_header(bytes, "x"));
}

TEST_CASE("no length is taken for a header that is too short") {
  const auto bytes = encode(Header{});
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CHECK_FALSE(decode_header(Bytes(bytes).first(length), "x"));
  }
}

TEST_CASE("bytes make chunks") {
  CHECK(chunks_for(0, 4096) == 1);
  CHECK(chunks_for(1, 4096) == 1);
  CHECK(chunks_for(4096, 4096) == 1);
  CHECK(chunks_for(4097, 4096) == 2);
}

}  // namespace
}  // namespace issu::archive
