#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "checkpoint/archive/format.hpp"
#include "checkpoint/archive/secret.hpp"
#include "issu/base/result.hpp"
#include "issu/signing/openssl.hpp"

namespace issu::archive {

using CipherHandle = std::unique_ptr<EVP_CIPHER_CTX, signing::Free<EVP_CIPHER_CTX_free>>;

/// A new header for a key: a fresh salt, and the check value that goes with both. With a passphrase
/// this takes a third of a second and 128 MiB, on purpose. `chunk_log2`: as in Header.
Result<Header> new_header(const Key& key, unsigned chunk_log2);

/// Seals and opens the chunks of one archive: AES-256-GCM under a key that only this archive has.
/// A chunk's nonce is its number and whether it is the last, and the header goes into its tag: a
/// chunk can't stand in another place, another archive, or before an end that it was not before.
class Cipher {
 public:
  /// Derives the archive's key. A wrong key is refused.
  static Result<Cipher> make(const Key& key, const Header& header, const std::string& name);

  /// `sealed` has room for the text and a tag of 16 bytes.
  Result<void> seal(std::uint64_t number, bool last, Bytes text, std::span<unsigned char> sealed);
  /// The opposite; refused when anything differs from what was sealed.
  Result<void> open(std::uint64_t number, bool last, Bytes sealed, std::span<unsigned char> text);

 private:
  Cipher(Secret key, const Header& header);
  Result<void> failed(const char* what) const;

  Secret key_;
  HeaderBytes header_;
  CipherHandle context_;
};

/// SHA-256.
Result<std::array<unsigned char, digest_bytes>> sha256(Bytes bytes);

}  // namespace issu::archive
