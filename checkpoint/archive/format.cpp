#include "checkpoint/archive/format.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace issu::archive {
namespace {

constexpr std::string_view magic = "ISSUARCH";
constexpr std::string_view end_magic = "ISSUAEND";
constexpr unsigned char aes_256_gcm = 1;
constexpr std::uint32_t scrypt_r = 8;
constexpr std::uint32_t scrypt_p = 1;
constexpr std::uint64_t most_digest_bytes = std::uint64_t{64} << 20U;
constexpr std::uint64_t most_signature_bytes = std::uint64_t{1} << 20U;
constexpr const char* again = "copy it again, whole; if it stays so, take another archive";

// Places in the header.
constexpr std::size_t at_version = 8;
constexpr std::size_t at_cipher = 12;
constexpr std::size_t at_key_source = 13;
constexpr std::size_t at_chunk_log2 = 14;
constexpr std::size_t at_scrypt_log2 = 15;
constexpr std::size_t at_scrypt_r = 16;
constexpr std::size_t at_scrypt_p = 20;
constexpr std::size_t at_reserved = 24;
constexpr std::size_t at_salt = 32;
constexpr std::size_t at_check = 64;

template <typename T>
void put(unsigned char* at, T number) {
  for (std::size_t i = 0; i < sizeof number; ++i) {
    at[i] = static_cast<unsigned char>(number >> (8 * i));
  }
}

template <typename T>
T get(const unsigned char* at) {
  T number = 0;
  for (std::size_t i = sizeof number; i-- > 0;) {
    number = static_cast<T>(number << 8U | at[i]);
  }
  return number;
}

tl::unexpected<Error> refuse(std::string what, std::string hint) {
  return fail(std::move(what), std::move(hint), ErrorKind::refused);
}

tl::unexpected<Error> damaged(const std::string& name, const std::string& what) {
  return refuse(name + " is damaged or was changed: " + what, again);
}

Result<Trailer> decode_trailer(Bytes bytes, const std::string& name) {
  if (std::memcmp(bytes.data() + trailer_bytes - end_magic.size(), end_magic.data(),
                  end_magic.size()) != 0) {
    return refuse(name +
                      " is cut short, or something was put behind it: it does not end as an "
                      "archive does",
                  again);
  }
  Trailer trailer;
  trailer.plain_bytes = get<std::uint64_t>(bytes.data());
  trailer.signature_bytes = get<std::uint64_t>(bytes.data() + 8);
  std::copy_n(bytes.data() + 16, digest_bytes, trailer.signature_digest.begin());
  if (trailer.signature_bytes > most_signature_bytes) {
    return damaged(name, "no signature is as long as it says");
  }
  return trailer;
}

}  // namespace

HeaderBytes encode(const Header& header) {
  const bool passphrase = header.key_source == KeySource::passphrase;
  HeaderBytes bytes{};
  std::copy(magic.begin(), magic.end(), bytes.begin());
  put(bytes.data() + at_version, format_version);
  bytes[at_cipher] = aes_256_gcm;
  bytes[at_key_source] = static_cast<unsigned char>(header.key_source);
  bytes[at_chunk_log2] = static_cast<unsigned char>(header.chunk_log2);
  bytes[at_scrypt_log2] = static_cast<unsigned char>(header.scrypt_log2);
  put(bytes.data() + at_scrypt_r, passphrase ? scrypt_r : 0U);
  put(bytes.data() + at_scrypt_p, passphrase ? scrypt_p : 0U);
  std::copy(header.salt.begin(), header.salt.end(), bytes.begin() + at_salt);
  std::copy(header.check.begin(), header.check.end(), bytes.begin() + at_check);
  return bytes;
}

Result<Header> decode_header(Bytes bytes, const std::string& name) {
  if (bytes.size() < header_bytes || std::memcmp(bytes.data(), magic.data(), magic.size()) != 0) {
    return refuse(name + " is no archive of a route processor", "`issu checkpoint save` makes one");
  }
  if (const auto version = get<std::uint32_t>(bytes.data() + at_version);
      version != format_version) {
    return refuse(fmt::format("{} has version {} of the format, version {} can be read", name,
                              version, format_version),
                  "use the version of this program that wrote it");
  }
  Header header;
  header.key_source = static_cast<KeySource>(bytes[at_key_source]);
  header.chunk_log2 = bytes[at_chunk_log2];
  header.scrypt_log2 = bytes[at_scrypt_log2];
  std::copy_n(bytes.data() + at_salt, header.salt.size(), header.salt.begin());
  std::copy_n(bytes.data() + at_check, header.check.size(), header.check.begin());
  const bool passphrase = header.key_source == KeySource::passphrase;
  if (bytes[at_cipher] != aes_256_gcm ||
      (header.key_source != KeySource::key_file && !passphrase)) {
    return damaged(name, "it is encrypted in a way that is not known here");
  }
  if (header.chunk_log2 < 12 || header.chunk_log2 > 22) {
    return damaged(name, "its pieces are smaller or larger than an archive has them");
  }
  const bool known_cost =
      passphrase ? header.scrypt_log2 >= 14 && header.scrypt_log2 <= 18 : header.scrypt_log2 == 0;
  if (!known_cost ||
      get<std::uint32_t>(bytes.data() + at_scrypt_r) != (passphrase ? scrypt_r : 0) ||
      get<std::uint32_t>(bytes.data() + at_scrypt_p) != (passphrase ? scrypt_p : 0)) {
    return damaged(name, "its passphrase would cost more work or memory than an archive asks for");
  }
  if (get<std::uint64_t>(bytes.data() + at_reserved) != 0) {
    return damaged(name, "there is something where nothing is kept");
  }
  return header;
}

TrailerBytes encode(const Trailer& trailer) {
  TrailerBytes bytes{};
  put(bytes.data(), trailer.plain_bytes);
  put(bytes.data() + 8, trailer.signature_bytes);
  std::copy(trailer.signature_digest.begin(), trailer.signature_digest.end(), bytes.begin() + 16);
  std::copy(end_magic.begin(), end_magic.end(), bytes.end() - end_magic.size());
  return bytes;
}

std::uint64_t chunks_for(std::uint64_t plain_bytes, std::uint64_t chunk_bytes) {
  return plain_bytes == 0 ? 1 : (plain_bytes - 1) / chunk_bytes + 1;
}

Result<Layout> read_layout(const Fd& file, const std::string& name) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    return fail_errno("looking at " + name);
  }
  if (!S_ISREG(status.st_mode)) {
    return refuse(name + " is not a file", "name the archive's file");
  }
  Layout layout;
  layout.file_bytes = static_cast<std::uint64_t>(status.st_size);
  const std::size_t front = std::min<std::uint64_t>(layout.file_bytes, header_bytes);
  ISSU_TRY(read_at(file, 0, std::span(layout.header_as_stored).first(front), name), "");
  auto header = decode_header(Bytes(layout.header_as_stored).first(front), name);
  if (!header) {
    return fail(std::move(header).error());
  }
  layout.header = *header;
  if (layout.file_bytes < header_bytes + tag_bytes + digest_bytes + trailer_bytes) {
    return refuse(name + " is cut short", again);
  }
  TrailerBytes tail{};
  ISSU_TRY(read_at(file, layout.file_bytes - trailer_bytes, tail, name), "");
  auto trailer = decode_trailer(tail, name);
  if (!trailer) {
    return fail(std::move(trailer).error());
  }
  layout.trailer = *trailer;
  // Below the file's size, so that no sum of what follows runs over.
  if (trailer->plain_bytes > layout.file_bytes) {
    return damaged(name, "it says that more is in it than it has bytes");
  }
  layout.chunks = chunks_for(trailer->plain_bytes, header->chunk_bytes());
  if (layout.chunks * digest_bytes > most_digest_bytes) {
    return damaged(name, "it has more pieces than an archive has");
  }
  if (layout.signature_at() + trailer->signature_bytes + trailer_bytes != layout.file_bytes) {
    return damaged(name, "its lengths do not add up");
  }
  if (trailer->signature_bytes == 0) {
    return refuse(name + " is not signed", "`issu checkpoint save` signs what it writes");
  }
  return layout;
}

std::string signed_bytes(Bytes header, std::uint64_t plain_bytes, Bytes digests) {
  std::array<unsigned char, 8> size{};
  put(size.data(), plain_bytes);
  std::string bytes;
  bytes.reserve(header.size() + size.size() + digests.size());
  for (const Bytes part : {header, Bytes(size), digests}) {
    bytes.append(reinterpret_cast<const char*>(part.data()), part.size());
  }
  return bytes;
}

Result<void> read_at(const Fd& file, std::uint64_t at, std::span<unsigned char> bytes,
                     const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t got = ::pread(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return fail_errno("reading " + name);
    }
    if (got == 0) {
      return fail(name + " became shorter while it was read", "copy it again, whole");
    }
    bytes = bytes.subspan(static_cast<std::size_t>(got));
    at += static_cast<std::uint64_t>(got);
  }
  return {};
}

}  // namespace issu::archive
