#include "checkpoint/archive/cipher.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <string_view>

namespace issu::archive {
namespace {

constexpr std::size_t key_bytes = 32;
constexpr unsigned scrypt_log2_of_new = 17;
/// What scrypt may take at the highest cost that a header may ask for: 128 * r * N, and its rest.
constexpr std::uint64_t scrypt_memory = std::uint64_t{300} << 20U;

using KdfHandle = std::unique_ptr<EVP_KDF, signing::Free<EVP_KDF_free>>;
using KdfContext = std::unique_ptr<EVP_KDF_CTX, signing::Free<EVP_KDF_CTX_free>>;

OSSL_PARAM octets(const char* name, Bytes bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<unsigned char*>(bytes.data()),
                                           bytes.size());
}

Result<void> derive(const char* method, const OSSL_PARAM* parameters,
                    std::span<unsigned char> result) {
  const KdfHandle kdf(EVP_KDF_fetch(nullptr, method, nullptr));
  const KdfContext context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
  if (!context || EVP_KDF_derive(context.get(), result.data(), result.size(), parameters) != 1) {
    return fail(std::string("deriving a key with ") + method + ": " + signing::openssl_reason());
  }
  return {};
}

Result<Secret> stretch(const Key& key, const Header& header) {
  Secret stretched(key_bytes);
  std::uint64_t n = std::uint64_t{1} << header.scrypt_log2;
  std::uint32_t r = 8;
  std::uint32_t p = 1;
  std::uint64_t memory = scrypt_memory;
  const OSSL_PARAM parameters[] = {
      octets(OSSL_KDF_PARAM_PASSWORD, key.bytes.span()),
      octets(OSSL_KDF_PARAM_SALT, header.salt),
      OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
      OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
      OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
      OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
      OSSL_PARAM_construct_end()};
  ISSU_TRY(derive("SCRYPT", parameters, stretched.span()), "");
  return stretched;
}

Result<void> expand(Bytes secret, Bytes salt, std::string_view purpose,
                    std::span<unsigned char> result) {
  char digest[] = "SHA256";
  const Bytes info(reinterpret_cast<const unsigned char*>(purpose.data()), purpose.size());
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      octets(OSSL_KDF_PARAM_KEY, secret), octets(OSSL_KDF_PARAM_SALT, salt),
      octets(OSSL_KDF_PARAM_INFO, info), OSSL_PARAM_construct_end()};
  return derive("HKDF", parameters, result);
}

struct Derived {
  Secret key{key_bytes};
  std::array<unsigned char, 32> check{};
};

Result<Derived> derive_all(const Key& key, const Header& header) {
  Secret stretched;
  if (key.is_passphrase) {
    auto made = stretch(key, header);
    if (!made) {
      return fail(std::move(made).error());
    }
    stretched = std::move(*made);
  }
  const Bytes secret = key.is_passphrase ? Bytes(stretched.span()) : Bytes(key.bytes.span());
  Derived derived;
  ISSU_TRY(expand(secret, header.salt, "issu archive 1 key", derived.key.span()), "");
  ISSU_TRY(expand(secret, header.salt, "issu archive 1 check", derived.check), "");
  return derived;
}

/// Never twice the same under one key: a key belongs to one archive, a number to one chunk.
std::array<unsigned char, 12> nonce_of(std::uint64_t number, bool last) {
  std::array<unsigned char, 12> nonce{};
  for (std::size_t i = 0; i < 8; ++i) {
    nonce[10 - i] = static_cast<unsigned char>(number >> (8 * i));
  }
  nonce[11] = last ? 1 : 0;
  return nonce;
}

}  // namespace

Result<Header> new_header(const Key& key, unsigned chunk_log2) {
  Header header;
  header.chunk_log2 = chunk_log2;
  if (key.is_passphrase) {
    header.key_source = KeySource::passphrase;
    header.scrypt_log2 = scrypt_log2_of_new;
  }
  if (RAND_bytes(header.salt.data(), static_cast<int>(header.salt.size())) != 1) {
    return fail("no random bytes are to be had: " + signing::openssl_reason());
  }
  auto derived = derive_all(key, header);
  if (!derived) {
    return fail(std::move(derived).error());
  }
  header.check = derived->check;
  return header;
}

Cipher::Cipher(Secret key, const Header& header)
    : key_(std::move(key)), header_(encode(header)), context_(EVP_CIPHER_CTX_new()) {}

Result<Cipher> Cipher::make(const Key& key, const Header& header, const std::string& name) {
  const bool wants_passphrase = header.key_source == KeySource::passphrase;
  if (wants_passphrase != key.is_passphrase) {
    return fail(name + " was written with a " + (wants_passphrase ? "passphrase" : "key file"),
                wants_passphrase ? "--passphrase asks for it" : "--key-file FILE names it",
                ErrorKind::refused);
  }
  auto derived = derive_all(key, header);
  if (!derived) {
    return fail(std::move(derived).error());
  }
  if (CRYPTO_memcmp(derived->check.data(), header.check.data(), header.check.size()) != 0) {
    return fail(
        "this is not the " + std::string(wants_passphrase ? "passphrase" : "key") + " of " + name,
        "take the one that it was written with", ErrorKind::refused);
  }
  return Cipher(std::move(derived->key), header);
}

Result<void> Cipher::failed(const char* what) const {
  return fail(std::string(what) + ": " + signing::openssl_reason());
}

Result<void> Cipher::seal(std::uint64_t number, bool last, Bytes text,
                          std::span<unsigned char> sealed) {
  const auto nonce = nonce_of(number, last);
  EVP_CIPHER_CTX* context = context_.get();
  int length = 0;
  if (EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nullptr, key_.span().data(), nonce.data()) !=
          1 ||
      EVP_EncryptUpdate(context, nullptr, &length, header_.data(), header_bytes) != 1 ||
      EVP_EncryptUpdate(context, sealed.data(), &length, text.data(),
                        static_cast<int>(text.size())) != 1 ||
      EVP_EncryptFinal_ex(context, sealed.data() + text.size(), &length) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_bytes, sealed.data() + text.size()) !=
          1) {
    return failed("encrypting");
  }
  return {};
}

Result<void> Cipher::open(std::uint64_t number, bool last, Bytes sealed,
                          std::span<unsigned char> text) {
  const auto nonce = nonce_of(number, last);
  EVP_CIPHER_CTX* context = context_.get();
  auto* tag = const_cast<unsigned char*>(sealed.data() + sealed.size() - tag_bytes);
  int length = 0;
  if (EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nullptr, key_.span().data(), nonce.data()) !=
          1 ||
      EVP_DecryptUpdate(context, nullptr, &length, header_.data(), header_bytes) != 1 ||
      EVP_DecryptUpdate(context, text.data(), &length, sealed.data(),
                        static_cast<int>(sealed.size() - tag_bytes)) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag) != 1) {
    return failed("decrypting");
  }
  if (EVP_DecryptFinal_ex(context, text.data() + text.size(), &length) != 1) {
    ERR_clear_error();
    return fail("piece " + std::to_string(number) + " is not what was written there",
                "take another archive", ErrorKind::refused);
  }
  return {};
}

Result<std::array<unsigned char, digest_bytes>> sha256(Bytes bytes) {
  std::array<unsigned char, digest_bytes> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    return fail("SHA-256 is not to be had: " + signing::openssl_reason());
  }
  return digest;
}

}  // namespace issu::archive
