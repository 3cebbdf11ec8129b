#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::signing {

/// Who signed something.
struct Signer {
  std::string subject;  ///< "CN=…, O=…"
  std::string issuer;
  std::string not_before;  ///< "2026-01-31 12:00:00 UTC"
  std::string not_after;
  std::string fingerprint;  ///< SHA-256 of the certificate, hexadecimal
};

/// Verifies a detached CMS signature (DER) over the first `size` bytes of a file: content, chain
/// up to a certificate of the keyring (PEM), validity today, and the purpose that RAUC asks for
/// (e-mail signing). A keyring that has revocation lists (`X509 CRL`) must have a valid one of each
/// authority of the chain, and none of its certificates may stand in one. The file is read in small
/// pieces. `name` is for messages.
Result<Signer> verify_signature(const Fd& file, std::uint64_t size, std::string_view signature,
                                const std::filesystem::path& keyring, const std::string& name);
/// The same over bytes in memory (2 GiB at most).
Result<Signer> verify_signature(std::string_view content, std::string_view signature,
                                const std::filesystem::path& keyring, const std::string& name);

/// Makes such a signature. `certificate`: PEM, the signer's first, any of the chain behind it.
/// `key`: PEM, without a passphrase.
Result<std::string> make_signature(const Fd& file, std::uint64_t size,
                                   const std::filesystem::path& certificate,
                                   const std::filesystem::path& key);
/// The same over bytes in memory (2 GiB at most).
Result<std::string> make_signature(std::string_view content,
                                   const std::filesystem::path& certificate,
                                   const std::filesystem::path& key);

}  // namespace issu::signing
