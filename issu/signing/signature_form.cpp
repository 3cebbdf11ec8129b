#include "issu/signing/signature_form.hpp"

#include <openssl/asn1.h>

#include <algorithm>

namespace issu::signing {
namespace {

tl::unexpected<Error> refuse(std::string what, std::string hint) {
  return fail(std::move(what), std::move(hint), ErrorKind::refused);
}

tl::unexpected<Error> damaged(const std::string& name, const char* what) {
  return refuse(name + " was changed after it was signed: its signature is not in the one right " +
                    "form (" + what + ")",
                "do not use it; get it again from whom it comes");
}

/// A place in DER bytes that steps over or into its elements.
class Walk {
 public:
  explicit Walk(std::string_view der)
      : at_(reinterpret_cast<const unsigned char*>(der.data())), end_(at_ + der.size()) {}

  /// Steps into the next element when it is of this tag.
  bool enter(int tag) {
    const auto element = next();
    if (!element.good || element.tag != tag) {
      return false;
    }
    at_ = element.content;
    end_ = element.end;
    return true;
  }
  bool skip() {
    const auto element = next();
    at_ = element.good ? element.end : at_;
    return element.good;
  }
  /// Steps over the next element when it is context-specific ([0], [1]).
  void skip_optional() {
    if (const auto element = next(); element.good && element.kind == V_ASN1_CONTEXT_SPECIFIC) {
      at_ = element.end;
    }
  }
  /// The next element as a number of one byte; -1 when it is none.
  int small_number() {
    const auto element = next();
    const bool fits =
        element.good && element.tag == V_ASN1_INTEGER && element.end - element.content == 1;
    at_ = element.good ? element.end : at_;
    return fits ? *element.content : -1;
  }

 private:
  struct Element {
    bool good = false;
    int tag = 0;
    int kind = 0;
    const unsigned char* content = nullptr;
    const unsigned char* end = nullptr;
  };
  [[nodiscard]] Element next() const {
    Element element;
    long length = 0;
    element.content = at_;
    const int result =
        ASN1_get_object(&element.content, &length, &element.tag, &element.kind, end_ - at_);
    element.good = (static_cast<unsigned>(result) & 0x80U) == 0 && length >= 0;
    element.end = element.content + length;
    return element;
  }

  const unsigned char* at_;
  const unsigned char* end_;
};

/// A signer named by issuer and serial number makes both versions 1, one named by key makes both
/// 3 (RFC 5652, 5.1 and 5.3).
bool versions_are(std::string_view der, int version) {
  Walk walk(der);
  if (!walk.enter(V_ASN1_SEQUENCE) || !walk.skip() || !walk.enter(0) ||
      !walk.enter(V_ASN1_SEQUENCE) || walk.small_number() != version || !walk.skip() ||
      !walk.skip()) {
    return false;
  }
  walk.skip_optional();
  walk.skip_optional();
  return walk.enter(V_ASN1_SET) && walk.enter(V_ASN1_SEQUENCE) && walk.small_number() == version;
}

std::string der_of(const X509_NAME* name) {
  const unsigned char* bytes = nullptr;
  std::size_t size = 0;
  if (X509_NAME_get0_der(name, &bytes, &size) != 1) {
    return {};
  }
  return {reinterpret_cast<const char*>(bytes), size};
}

/// The algorithm is one for this key and digest, with the parameters that it has to have.
bool algorithm_fits(const X509_ALGOR* signature, const X509_ALGOR* digest, const EVP_PKEY* key) {
  const ASN1_OBJECT* object = nullptr;
  int parameter = 0;
  X509_ALGOR_get0(&object, &parameter, nullptr, signature);
  const int algorithm = OBJ_obj2nid(object);
  const ASN1_OBJECT* digest_object = nullptr;
  X509_ALGOR_get0(&digest_object, nullptr, nullptr, digest);
  const int type = EVP_PKEY_get_base_id(key);
  if (type == EVP_PKEY_RSA && algorithm == NID_rsassaPss) {
    return true;  // Its parameters are read by the verification.
  }
  if (type == EVP_PKEY_RSA && algorithm == NID_rsaEncryption) {
    return parameter == V_ASN1_NULL;
  }
  int wanted_digest = NID_undef;
  int wanted_key = NID_undef;
  if (OBJ_find_sigid_algs(algorithm, &wanted_digest, &wanted_key) != 1) {
    return false;
  }
  const bool digest_fits =
      wanted_digest == NID_undef || wanted_digest == OBJ_obj2nid(digest_object);
  const bool parameter_fits =
      type == EVP_PKEY_RSA ? parameter == V_ASN1_NULL : parameter == V_ASN1_UNDEF;
  return digest_fits && parameter_fits && wanted_key == type;
}

}  // namespace

Result<CmsHandle> parse_signature(std::string_view der, const std::string& name) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  CmsHandle cms(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(der.size())));
  if (!cms || at != reinterpret_cast<const unsigned char*>(der.data()) + der.size()) {
    ERR_clear_error();
    return refuse(name + " is not signed, or its signature is damaged", "copy it again, whole");
  }
  const int type = OBJ_obj2nid(CMS_get0_type(cms.get()));
  if (type != NID_pkcs7_signed) {
    return refuse(name + " has something behind it that is no signature", "make it again");
  }
  if (CMS_is_detached(cms.get()) != 1) {
    return refuse(name + " has a signature behind it that is over something else", "make it again");
  }
  unsigned char* encoded = nullptr;
  const int size = i2d_CMS_ContentInfo(cms.get(), &encoded);
  const std::string again(reinterpret_cast<const char*>(encoded),
                          static_cast<std::size_t>(std::max(size, 0)));
  OPENSSL_free(encoded);
  if (again != der) {
    return damaged(name, "encoding");
  }
  const STACK_OF(CMS_SignerInfo)* signers = CMS_get0_SignerInfos(cms.get());
  if (signers == nullptr || sk_CMS_SignerInfo_num(signers) != 1) {
    return refuse(name + " is not signed by exactly one signer", "sign it again");
  }
  ASN1_OCTET_STRING* key_id = nullptr;
  CMS_SignerInfo_get0_signer_id(sk_CMS_SignerInfo_value(signers, 0), &key_id, nullptr, nullptr);
  if (OBJ_obj2nid(CMS_get0_eContentType(cms.get())) != NID_pkcs7_data) {
    return damaged(name, "type of content");
  }
  if (!versions_are(der, key_id == nullptr ? 1 : 3)) {
    return damaged(name, "version");
  }
  return cms;
}

Result<void> check_signer_form(CMS_ContentInfo* cms, const std::string& name) {
  CMS_SignerInfo* info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  X509_ALGOR* digest = nullptr;
  X509_ALGOR* signature = nullptr;
  CMS_SignerInfo_get0_algs(info, &key, &certificate, &digest, &signature);
  if (key == nullptr || certificate == nullptr || !algorithm_fits(signature, digest, key)) {
    return damaged(name, "algorithm");
  }
  X509_NAME* issuer = nullptr;
  CMS_SignerInfo_get0_signer_id(info, nullptr, &issuer, nullptr);
  // Names compare without regard to case elsewhere; here the bytes count.
  if (issuer != nullptr && der_of(issuer) != der_of(X509_get_issuer_name(certificate))) {
    return damaged(name, "signer's name");
  }
  return {};
}

}  // namespace issu::signing
