#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "issu/base/fd.hpp"
#include "tests/checkpoint/archive/sample.hpp"

namespace issu {
namespace {

const tests::ArchiveSample& sample() {
  static const tests::ArchiveSample made;
  return made;
}

/// A copy of an archive whose bytes can be changed and put back.
class Copy {
 public:
  Copy(const std::filesystem::path& from, const std::filesystem::path& to) : path_(to) {
    std::filesystem::copy_file(from, to);
    fd_ = Fd(::open(to.c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(fd_);
  }
  [[nodiscard]] std::size_t size() const { return std::filesystem::file_size(path_); }
  void flip(std::size_t at, unsigned bit) {
    unsigned char byte = 0;
    REQUIRE(::pread(fd_.get(), &byte, 1, static_cast<off_t>(at)) == 1);
    byte = static_cast<unsigned char>(byte ^ (1U << bit));
    REQUIRE(::pwrite(fd_.get(), &byte, 1, static_cast<off_t>(at)) == 1);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  Fd fd_;
};

void check_refused(const Result<archive::Index>& read, const std::string& word) {
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().kind() == ErrorKind::refused);
  CHECK_MESSAGE(read.error().message().find(word) != std::string::npos, read.error().message());
  CHECK_FALSE(read.error().hint().empty());
}

TEST_CASE("each byte of a small archive, flipped, is refused with a reason and a next step") {
  Copy copy(sample().pack("small"), sample().dir() / "small-copy");
  REQUIRE(sample().read(copy.path()));
  const std::size_t size = copy.size();
  CHECK(size < 16384);
  for (std::size_t at = 0; at < size; ++at) {
    const auto bit = static_cast<unsigned>(at % 8);
    copy.flip(at, bit);
    const auto read = sample().read(copy.path());
    CAPTURE(at);
    CAPTURE(size);
    CHECK_FALSE(read);
    if (!read) {
      CHECK(read.error().kind() == ErrorKind::refused);
      CHECK_FALSE(read.error().hint().empty());
    }
    copy.flip(at, bit);
  }
  CHECK(sample().read(copy.path()));
}

TEST_CASE("sampled bytes of a large archive, flipped, are refused") {
  const tests::ArchiveSample large;
  std::string memory(20U << 20U, '\0');
  for (std::size_t i = 0; i < memory.size(); i += 7) {
    memory[i] = static_cast<char>(i * 2654435761U >> 24U);
  }
  tests::require(write_file_atomic(large.dir() / "state/images/pages-1.img", memory));
  Copy copy(large.pack("large", 20), large.dir() / "large-copy");
  const std::size_t size = copy.size();
  CHECK(size > memory.size());
  REQUIRE(large.read(copy.path()));
  for (std::size_t i = 0; i < 60; ++i) {
    const std::size_t at = (size - 1) * i / 59;
    copy.flip(at, static_cast<unsigned>(i % 8));
    CAPTURE(at);
    const auto read = large.read(copy.path());
    CHECK_FALSE(read);
    copy.flip(at, static_cast<unsigned>(i % 8));
  }
  CHECK(large.read(copy.path()));
}

TEST_CASE("an archive that is cut anywhere is refused") {
  const auto bytes = read_file(sample().pack("whole"));
  REQUIRE(bytes);
  const auto cut = sample().dir() / "cut";
  for (std::size_t length = 0; length < bytes->size(); length += length < 200 ? 1 : 61) {
    tests::require(write_file_atomic(cut, bytes->substr(0, length)));
    CAPTURE(length);
    const auto read = sample().read(cut);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().kind() == ErrorKind::refused);
  }
  tests::require(write_file_atomic(cut, bytes->substr(0, bytes->size() - 1)));
  check_refused(sample().read(cut), "cut short");
}

TEST_CASE("what is put behind or in between is refused") {
  const auto bytes = read_file(sample().pack("unlonged"));
  REQUIRE(bytes);
  const auto longer = sample().dir() / "longer";
  tests::require(write_file_atomic(longer, *bytes + "x"));
  check_refused(sample().read(longer), "put behind");
  // With an end that looks right, nothing adds up.
  tests::require(write_file_atomic(longer, *bytes + bytes->substr(bytes->size() - 56)));
  check_refused(sample().read(longer), "do not add up");
  tests::require(
      write_file_atomic(longer, bytes->substr(0, 96) + std::string(16, 'x') + bytes->substr(96)));
  check_refused(sample().read(longer), "do not add up");
}

TEST_CASE("pieces in another order, or of another archive, are refused") {
  constexpr std::size_t stored = 4096 + 16;
  const tests::ArchiveSample many;
  tests::require(
      write_file_atomic(many.dir() / "state/images/pages-1.img", std::string(5 * 4096, 'p')));
  const auto first = read_file(many.pack("first"));
  const auto second = read_file(many.pack("second"));
  REQUIRE(first);
  REQUIRE(second);
  std::string changed = *first;
  changed.replace(96 + stored, stored, first->substr(96 + 2 * stored, stored));
  changed.replace(96 + 2 * stored, stored, first->substr(96 + stored, stored));
  tests::require(write_file_atomic(many.dir() / "changed", changed));
  check_refused(many.read(many.dir() / "changed"), "not what was signed");

  changed = *first;
  changed.replace(96 + stored, stored, second->substr(96 + stored, stored));
  tests::require(write_file_atomic(many.dir() / "changed", changed));
  check_refused(many.read(many.dir() / "changed"), "not what was signed");
}

TEST_CASE(
    "the cipher itself refuses a piece elsewhere, before another end, or under another header") {
  const archive::Key key = sample().key();
  const auto header = archive::new_header(key, 12);
  REQUIRE(header);
  auto cipher = archive::Cipher::make(key, *header, "x");
  REQUIRE(cipher);
  const std::string text = "some text of a piece";
  const archive::Bytes bytes(reinterpret_cast<const unsigned char*>(text.data()), text.size());
  std::vector<unsigned char> sealed(text.size() + archive::tag_bytes);
  std::vector<unsigned char> open(text.size());
  tests::require(cipher->seal(3, false, bytes, sealed));
  tests::require(cipher->open(3, false, sealed, open));
  CHECK(std::equal(open.begin(), open.end(), bytes.begin()));
  CHECK_FALSE(cipher->open(4, false, sealed, open));
  CHECK_FALSE(cipher->open(3, true, sealed, open));
  archive::Header longer = *header;
  longer.chunk_log2 = 13;
  auto other = archive::Cipher::make(key, longer, "x");
  REQUIRE(other);
  CHECK_FALSE(other->open(3, false, sealed, open));
}

TEST_CASE("another version, no archive, and no file are told apart") {
  auto bytes = read_file(sample().pack("version"));
  REQUIRE(bytes);
  const auto other = sample().dir() / "other";
  (*bytes)[8] = 2;
  tests::require(write_file_atomic(other, *bytes));
  check_refused(sample().read(other), "version 2 of the format");
  tests::require(write_file_atomic(other, "hsqs and more of a squashfs"));
  check_refused(sample().read(other), "is no archive");
  tests::require(write_file_atomic(other, ""));
  check_refused(sample().read(other), "is no archive");
  check_refused(sample().read(sample().dir() / "nowhere"), "opening the archive");
  check_refused(sample().read(sample().dir().path()), "is not a file");
}

TEST_CASE("unsigned, signed by a stranger, and expired: each has its reason") {
  const auto file = sample().pack("signed");
  auto bytes = read_file(file);
  REQUIRE(bytes);
  const auto layout = archive::look_at(file);
  REQUIRE(layout);
  archive::Trailer none;
  none.plain_bytes = layout->trailer.plain_bytes;
  const auto trailer = archive::encode(none);
  const auto bare = sample().dir() / "bare";
  tests::require(write_file_atomic(
      bare, bytes->substr(0, layout->signature_at()) +
                std::string(reinterpret_cast<const char*>(trailer.data()), trailer.size())));
  check_refused(sample().read(bare), "is not signed");

  const tests::Keys stranger(sample().dir() / "stranger");
  check_refused(sample().read(file, sample().key(), stranger.keyring()), "does not know");

  const tests::Keys expired(sample().dir() / "expired", "codeSigning,emailProtection", -1);
  const auto packed = archive::pack(sample().dir() / "old", sample().manifest, sample().sources(),
                                    sample().key(), {expired.certificate(), expired.key()}, {});
  REQUIRE(packed);
  check_refused(sample().read(sample().dir() / "old", sample().key(), expired.keyring()),
                "expired certificate");
  const auto refused =
      archive::check_signer({expired.certificate(), expired.key()}, expired.keyring());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
}

}  // namespace
}  // namespace issu
