#include <doctest/doctest.h>

#include <sstream>

#include "tests/checkpoint/archive/sample.hpp"

namespace issu {
namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Words of at least 4 letters: shorter ones stand in any random bytes by chance.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) {
    if (word.size() >= 4) {
      words.push_back(word);
    }
  }
  return words;
}

TEST_CASE("the raw bytes hold no word of the configuration, no name, nothing of the manifest") {
  const tests::ArchiveSample sample;
  const auto bytes = read_file(sample.pack("archive"));
  REQUIRE(bytes);
  const auto words = words_of(tests::ArchiveSample::config_text());
  CHECK(words.size() > 15);
  for (const std::string& word : words) {
    CHECK_MESSAGE(!holds(*bytes, word), word);
  }
  for (const char* name : {"bgpd.conf", "config", "images", "core-1.img", "edge1", "carrier-host",
                           "manifest", "mmmmmmmm", "aaaaaaaa"}) {
    CHECK_MESSAGE(!holds(*bytes, name), name);
  }
  CHECK_FALSE(holds(*bytes, tests::ArchiveSample::hex_key().substr(0, 16)));
  CHECK_FALSE(holds(*bytes, std::string("\x00\x11\x22\x33\x44\x55\x66\x77", 8)));
}

TEST_CASE("the same state packed twice has nothing in common but its form") {
  const tests::ArchiveSample sample;
  const auto first = read_file(sample.pack("first"));
  const auto second = read_file(sample.pack("second"));
  REQUIRE(first);
  REQUIRE(second);
  const auto layout = archive::look_at(sample.dir() / "first");
  REQUIRE(layout);
  for (std::size_t at = 32; at + 16 <= layout->signature_at(); at += 16) {
    CHECK_FALSE(holds(*second, first->substr(at, 16)));
  }
}

TEST_CASE("a wrong key is told as one, and so is the wrong kind of key") {
  const tests::ArchiveSample sample;
  const auto file = sample.pack("archive");
  tests::require(write_file_atomic(sample.dir() / "other.key",
                                   "ff112233445566778899aabbccddeeff0102030405060708090a0b0c0d0e0f"
                                   "10",
                                   0600));
  const auto other = archive::read_key_file(sample.dir() / "other.key");
  REQUIRE(other);
  const auto wrong = tests::ArchiveSample::read(file, *other, sample.keyring());
  REQUIRE_FALSE(wrong);
  CHECK(holds(wrong.error().message(), "not the key of"));
  CHECK(wrong.error().kind() == ErrorKind::refused);

  tests::require(write_file_atomic(sample.dir() / "phrase", "correct horse battery\n", 0600));
  const auto phrase = archive::read_passphrase_file(sample.dir() / "phrase");
  REQUIRE(phrase);
  const auto kind = tests::ArchiveSample::read(file, *phrase, sample.keyring());
  REQUIRE_FALSE(kind);
  CHECK(holds(kind.error().message(), "was written with a key file"));
}

TEST_CASE("a passphrase opens what it closed, another one does not") {
  const tests::ArchiveSample sample;
  tests::require(write_file_atomic(sample.dir() / "right", "correct horse battery\nmore\n", 0600));
  tests::require(write_file_atomic(sample.dir() / "wrong", "correct horse batterie", 0600));
  tests::require(write_file_atomic(sample.dir() / "short", "horse", 0600));
  const auto right = archive::read_passphrase_file(sample.dir() / "right");
  const auto wrong = archive::read_passphrase_file(sample.dir() / "wrong");
  const auto too_short = archive::read_passphrase_file(sample.dir() / "short");
  REQUIRE(right);
  REQUIRE(wrong);
  REQUIRE(too_short);
  const auto file = sample.dir() / "archive";
  const auto refused =
      archive::pack(file, sample.manifest, sample.sources(), *too_short, sample.signed_by(), {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  REQUIRE(archive::pack(file, sample.manifest, sample.sources(), *right, sample.signed_by(), {}));
  CHECK(tests::ArchiveSample::read(file, *right, sample.keyring()));
  const auto read = tests::ArchiveSample::read(file, *wrong, sample.keyring());
  REQUIRE_FALSE(read);
  CHECK(holds(read.error().message(), "not the passphrase of"));
}

TEST_CASE("key files: digits or raw bytes, long enough, nobody else's to read") {
  const tests::TempDir dir;
  const auto read = [&](const std::string& text, mode_t mode = 0600) {
    tests::require(write_file_atomic(dir / "key", text, mode));
    std::filesystem::permissions(dir / "key", static_cast<std::filesystem::perms>(mode));
    return archive::read_key_file(dir / "key");
  };
  const auto digits = read(tests::ArchiveSample::hex_key());
  REQUIRE(digits);
  CHECK(digits->bytes.size() == 32);
  CHECK(digits->bytes.span()[1] == 0x11);
  const std::string raw("\x01raw bytes that are no digits, \xff of them");
  const auto bytes = read(raw);
  REQUIRE(bytes);
  CHECK(bytes->bytes.size() == raw.size());
  for (const std::string& bad : {std::string(), std::string("short"), std::string(31, '\x80') + "",
                                 std::string(40, '\0'), std::string(5000, 'x')}) {
    const auto refused = read(bad);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind() == ErrorKind::refused);
    CHECK_FALSE(refused.error().hint().empty());
  }
  const auto open = read(tests::ArchiveSample::hex_key(), 0644);
  REQUIRE_FALSE(open);
  CHECK(holds(open.error().message(), "can be read by others"));
  CHECK_FALSE(archive::read_key_file(dir / "none"));
  CHECK_FALSE(archive::read_key_file("/dev/zero"));
}

}  // namespace
}  // namespace issu
