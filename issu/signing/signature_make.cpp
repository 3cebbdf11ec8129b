#include <openssl/pem.h>

#include "issu/base/file.hpp"
#include "issu/signing/openssl.hpp"
#include "issu/signing/signature.hpp"

namespace issu::signing {
namespace {

BioHandle memory(std::string_view text) {
  return BioHandle(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// Never asks on a terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
  return -1;
}

struct Certificates {
  X509Handle signer;
  CertificatesHandle others;
};

Result<Certificates> read_certificates(const std::filesystem::path& file) {
  auto text = read_file(file, 1U << 20U);
  if (!text) {
    return pass(std::move(text).error(), "reading the signer's certificate");
  }
  const BioHandle bio = memory(*text);
  Certificates read{X509Handle(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)),
                    CertificatesHandle(sk_X509_new_null())};
  if (!read.signer) {
    ERR_clear_error();
    return fail(file.string() + " has no certificate in it",
                "it is a PEM file: -----BEGIN CERTIFICATE-----", ErrorKind::usage);
  }
  while (X509* other = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    sk_X509_push(read.others.get(), other);
  }
  ERR_clear_error();
  return read;
}

Result<KeyHandle> read_key(const std::filesystem::path& file) {
  auto text = read_file(file, 1U << 20U);
  if (!text) {
    return pass(std::move(text).error(), "reading the signer's key");
  }
  const BioHandle bio = memory(*text);
  KeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  OPENSSL_cleanse(text->data(), text->size());
  if (!key) {
    return fail(file.string() + " is no private key that can be read: " + openssl_reason(),
                "it is a PEM file without a passphrase", ErrorKind::usage);
  }
  return key;
}

Result<std::string> sign(BIO* content, const std::filesystem::path& certificate,
                         const std::filesystem::path& key) {
  const auto certificates = read_certificates(certificate);
  if (!certificates) {
    return fail(certificates.error());
  }
  const auto private_key = read_key(key);
  if (!private_key) {
    return fail(private_key.error());
  }
  if (X509_check_private_key(certificates->signer.get(), private_key->get()) != 1) {
    ERR_clear_error();
    return fail(
        "the key " + key.string() + " does not belong to the certificate " + certificate.string(),
        "name the two that were made together", ErrorKind::usage);
  }
  const CmsHandle cms(CMS_sign(certificates->signer.get(), private_key->get(),
                               certificates->others.get(), content, CMS_DETACHED | CMS_BINARY));
  if (!cms) {
    return fail("signing failed: " + openssl_reason());
  }
  unsigned char* encoded = nullptr;
  const int length = i2d_CMS_ContentInfo(cms.get(), &encoded);
  if (length <= 0) {
    return fail("the signature can't be encoded: " + openssl_reason());
  }
  std::string signature(reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(length));
  OPENSSL_free(encoded);
  return signature;
}

}  // namespace

Result<std::string> make_signature(const Fd& file, std::uint64_t size,
                                   const std::filesystem::path& certificate,
                                   const std::filesystem::path& key) {
  const FileRange content(file, size);
  auto signature = sign(content.get(), certificate, key);
  if (signature && content.failed()) {
    return fail("what is to be signed could not be read to its end");
  }
  return signature;
}

Result<std::string> make_signature(std::string_view content,
                                   const std::filesystem::path& certificate,
                                   const std::filesystem::path& key) {
  const BioHandle bio = memory(content);
  return sign(bio.get(), certificate, key);
}

}  // namespace issu::signing
