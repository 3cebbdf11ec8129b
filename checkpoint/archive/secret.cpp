#include "checkpoint/archive/secret.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "issu/base/fd.hpp"

namespace issu::archive {
namespace {

constexpr std::size_t most_bytes = 4096;
constexpr std::size_t least_key_bytes = 32;
constexpr std::size_t least_passphrase_bytes = 12;

tl::unexpected<Error> refuse(std::string what, std::string hint) {
  return fail(std::move(what), std::move(hint), ErrorKind::refused);
}

Result<Secret> read_private(const std::filesystem::path& file) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) {
    return fail(Error::from_errno("opening " + file.string(), errno,
                                  "name the file that the archive's key is in")
                    .as(ErrorKind::refused));
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) {
    return fail_errno("looking at " + file.string());
  }
  if (!S_ISREG(status.st_mode)) {
    return refuse(file.string() + " is not a file", "put the key into a file of its own");
  }
  if ((status.st_mode & 077U) != 0) {
    return refuse(file.string() + " can be read by others than its owner",
                  "chmod 600 " + file.string());
  }
  Secret bytes(most_bytes + 1);
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = ::read(fd.get(), bytes.span().data() + size, bytes.size() - size);
    if (got < 0 && errno != EINTR) {
      return fail_errno("reading " + file.string());
    }
    if (got == 0) {
      break;
    }
    size += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  }
  if (size > most_bytes) {
    return refuse(file.string() + " is longer than 4096 bytes", "is it the right file?");
  }
  bytes.shorten(size);
  return bytes;
}

int digit(unsigned char letter) {
  if (letter >= '0' && letter <= '9') {
    return letter - '0';
  }
  const unsigned char small = letter | 0x20U;
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/// Hexadecimal digits as the bytes that they stand for; false when it is something else.
bool read_hex(Secret& bytes) {
  auto text = bytes.span();
  std::size_t length = text.size();
  while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r' ||
                        text[length - 1] == ' ' || text[length - 1] == '\t')) {
    --length;
  }
  text = text.first(length);
  if (length % 2 != 0 || length < 2 * least_key_bytes ||
      !std::all_of(text.begin(), text.end(), [](unsigned char each) { return digit(each) >= 0; })) {
    return false;
  }
  for (std::size_t i = 0; i < length / 2; ++i) {
    text[i] = static_cast<unsigned char>(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
  }
  bytes.shorten(length / 2);
  return true;
}

}  // namespace

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
    room_ = std::exchange(other.room_, 0);
  }
  return *this;
}

void Secret::wipe() {
  if (bytes_) {
    OPENSSL_cleanse(bytes_.get(), room_);
  }
}

Result<Key> read_key_file(const std::filesystem::path& file) {
  auto bytes = read_private(file);
  if (!bytes) {
    return pass(std::move(bytes).error(), "reading the archive's key");
  }
  if (!read_hex(*bytes) && bytes->size() < least_key_bytes) {
    return refuse(file.string() + " holds less than a key: 32 bytes, or 64 hexadecimal digits",
                  "make one: (umask 077; openssl rand -hex 32 > " + file.string() + ")");
  }
  const auto all = bytes->span();
  if (std::all_of(all.begin(), all.end(), [&](unsigned char each) { return each == all[0]; })) {
    return refuse(file.string() + " holds the same byte again and again: that is no key",
                  "make one: (umask 077; openssl rand -hex 32 > " + file.string() + ")");
  }
  return Key{std::move(*bytes), false};
}

Result<Key> read_passphrase_file(const std::filesystem::path& file) {
  auto bytes = read_private(file);
  if (!bytes) {
    return pass(std::move(bytes).error(), "reading the passphrase");
  }
  const auto all = bytes->span();
  const auto end = std::find_if(all.begin(), all.end(),
                                [](unsigned char each) { return each == '\n' || each == '\r'; });
  bytes->shorten(static_cast<std::size_t>(end - all.begin()));
  if (bytes->size() == 0) {
    return refuse(file.string() + " has no passphrase in its first line", "write one there");
  }
  return Key{std::move(*bytes), true};
}

Result<void> check_passphrase(const Key& key) {
  if (key.is_passphrase && key.bytes.size() < least_passphrase_bytes) {
    return refuse("the passphrase is shorter than 12 bytes",
                  "take a longer one: whoever has the archive can try as many as he likes");
  }
  return {};
}

}  // namespace issu::archive
