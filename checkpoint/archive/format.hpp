#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::archive {

using Bytes = std::span<const unsigned char>;

constexpr std::uint32_t format_version = 1;
constexpr std::size_t header_bytes = 96;
constexpr std::size_t trailer_bytes = 56;
constexpr std::size_t digest_bytes = 32;
constexpr std::size_t tag_bytes = 16;

enum class KeySource : std::uint8_t { key_file = 1, passphrase = 2 };

/// The first bytes of an archive: how the rest is to be read. Nothing in it is secret, all of it is
/// signed. docs/formats-archive.md has the format byte by byte.
struct Header {
  KeySource key_source = KeySource::key_file;
  unsigned chunk_log2 = 20;  ///< size of a chunk's plain text, 12 to 22
  unsigned scrypt_log2 = 0;  ///< scrypt's N, 14 to 18 with a passphrase, else 0; r is 8, p 1
  std::array<unsigned char, 32> salt{};   ///< random, of this archive only
  std::array<unsigned char, 32> check{};  ///< tells a wrong key from a damaged archive

  [[nodiscard]] std::uint64_t chunk_bytes() const { return std::uint64_t{1} << chunk_log2; }
};

using HeaderBytes = std::array<unsigned char, header_bytes>;
[[nodiscard]] HeaderBytes encode(const Header& header);
/// Refuses what is no archive, another version, or asks for more than the bounds above: a
/// stranger's header can't have this machine work for hours or fill its memory. `name`: for
/// messages.
Result<Header> decode_header(Bytes bytes, const std::string& name);

/// The last bytes of an archive.
struct Trailer {
  std::uint64_t plain_bytes = 0;
  std::uint64_t signature_bytes = 0;
  std::array<unsigned char, digest_bytes> signature_digest{};  ///< SHA-256, against damage
};

using TrailerBytes = std::array<unsigned char, trailer_bytes>;
[[nodiscard]] TrailerBytes encode(const Trailer& trailer);

/// Where the parts lie: header, chunks, their digests, signature, trailer.
struct Layout {
  Header header;
  HeaderBytes header_as_stored{};
  Trailer trailer;
  std::uint64_t chunks = 0;
  std::uint64_t file_bytes = 0;

  [[nodiscard]] std::uint64_t chunk_at(std::uint64_t index) const {
    return header_bytes + index * (header.chunk_bytes() + tag_bytes);
  }
  /// Of the chunk's plain text.
  [[nodiscard]] std::uint64_t plain_of(std::uint64_t index) const {
    return index + 1 < chunks ? header.chunk_bytes()
                              : trailer.plain_bytes - index * header.chunk_bytes();
  }
  [[nodiscard]] std::uint64_t digests_at() const {
    return header_bytes + trailer.plain_bytes + chunks * tag_bytes;
  }
  [[nodiscard]] std::uint64_t signature_at() const { return digests_at() + chunks * digest_bytes; }
};

/// How many chunks hold so many bytes; one at least.
[[nodiscard]] std::uint64_t chunks_for(std::uint64_t plain_bytes, std::uint64_t chunk_bytes);

/// Looks at both ends of a file. Every length has to fit every other one, to the byte. What it
/// gives back is nobody's word before the signature is verified.
Result<Layout> read_layout(const Fd& file, const std::string& name);

/// The bytes that the signature is over.
[[nodiscard]] std::string signed_bytes(Bytes header, std::uint64_t plain_bytes, Bytes digests);

/// Exactly so many bytes at this place; fewer are a failure.
Result<void> read_at(const Fd& file, std::uint64_t at, std::span<unsigned char> bytes,
                     const std::string& name);

}  // namespace issu::archive
