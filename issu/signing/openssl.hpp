#pragma once

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "issu/base/fd.hpp"

namespace issu::signing {

/// Frees what OpenSSL made.
template <auto free_it>
struct Free {
  template <typename T>
  void operator()(T* thing) const {
    free_it(thing);
  }
};
inline void free_certificates(STACK_OF(X509) * list) {
  sk_X509_pop_free(list, X509_free);
}
inline void free_pem(STACK_OF(X509_INFO) * list) {
  sk_X509_INFO_pop_free(list, X509_INFO_free);
}

using BioHandle = std::unique_ptr<BIO, Free<BIO_free_all>>;
using BioMethodHandle = std::unique_ptr<BIO_METHOD, Free<BIO_meth_free>>;
using CmsHandle = std::unique_ptr<CMS_ContentInfo, Free<CMS_ContentInfo_free>>;
using X509Handle = std::unique_ptr<X509, Free<X509_free>>;
using StoreHandle = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using DigestHandle = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using CertificatesHandle = std::unique_ptr<STACK_OF(X509), Free<free_certificates>>;
using PemHandle = std::unique_ptr<STACK_OF(X509_INFO), Free<free_pem>>;

/// What OpenSSL last complained of on this thread, and forgets it all.
inline std::string openssl_reason() {
  const char* data = nullptr;
  int flags = 0;
  const unsigned long code = ERR_peek_last_error_all(nullptr, nullptr, nullptr, &data, &flags);
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  std::string text = reason == nullptr ? "no reason given" : reason;
  if (data != nullptr && (flags & ERR_TXT_STRING) != 0 && data[0] != '\0') {
    text += std::string(" (") + data + ")";
  }
  ERR_clear_error();
  return text;
}

/// The first `size` bytes of an open file as a source for OpenSSL, read as they are asked for:
/// the file is never in memory. The file must stay open as long as this lives.
class FileRange {
 public:
  FileRange(const Fd& file, std::uint64_t size);
  FileRange(const FileRange&) = delete;
  FileRange& operator=(const FileRange&) = delete;
  ~FileRange() = default;
  [[nodiscard]] BIO* get() const { return bio_.get(); }
  /// Whether reading the file itself failed.
  [[nodiscard]] bool failed() const { return state_.failed; }

 private:
  struct State {
    int fd;
    std::uint64_t at;
    std::uint64_t size;
    bool failed;
  };
  static int read(BIO* bio, char* buffer, int count);
  static long control(BIO* bio, int command, long number, void* pointer);

  State state_;
  BioMethodHandle method_;
  BioHandle bio_;
};

}  // namespace issu::signing
