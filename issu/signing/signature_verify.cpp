#include <fmt/format.h>
#include <openssl/pem.h>

#include <array>
#include <ctime>
#include <vector>

#include "issu/base/file.hpp"
#include "issu/signing/openssl.hpp"
#include "issu/signing/signature.hpp"
#include "issu/signing/signature_form.hpp"

namespace issu::signing {
namespace {

tl::unexpected<Error> refuse(std::string what, std::string hint) {
  return fail(std::move(what), std::move(hint), ErrorKind::refused);
}

std::string text_of(const X509_NAME* name) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string text_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
    return "?";
  }
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return {text.data(), size};
}

Signer describe(X509* certificate) {
  Signer signer{text_of(X509_get_subject_name(certificate)),
                text_of(X509_get_issuer_name(certificate)),
                text_of(X509_get0_notBefore(certificate)),
                text_of(X509_get0_notAfter(certificate)),
                {}};
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) == 1) {
    signer.fingerprint =
        fmt::format("{:02x}", fmt::join(digest.begin(), digest.begin() + size, ""));
  }
  return signer;
}

/// Why a chain was not accepted: the first thing that the verification stumbled over.
struct ChainFault {
  int code = X509_V_OK;
  std::string subject;
  std::string not_after;
  std::string not_before;
};

int note_fault(int good, X509_STORE_CTX* context) {
  auto* fault =
      static_cast<ChainFault*>(X509_STORE_get_ex_data(X509_STORE_CTX_get0_store(context), 0));
  if (good == 0 && fault != nullptr && fault->code == X509_V_OK) {
    fault->code = X509_STORE_CTX_get_error(context);
    if (X509* certificate = X509_STORE_CTX_get_current_cert(context)) {
      const Signer about = describe(certificate);
      fault->subject = about.subject;
      fault->not_before = about.not_before;
      fault->not_after = about.not_after;
    }
  }
  return good;
}

Result<StoreHandle> read_keyring(const std::filesystem::path& keyring) {
  auto text = read_file(keyring, 4U << 20U);
  if (!text) {
    return fail(Error(std::move(text).error()).within("reading the keyring"));
  }
  StoreHandle store(X509_STORE_new());
  const std::string_view pem = *text;
  const BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // One that can't be read to its end is not taken: what is lost could be a revocation.
  const PemHandle parts(PEM_X509_INFO_read_bio(bio.get(), nullptr, nullptr, nullptr));
  if (!parts) {
    return refuse("the keyring " + keyring.string() + " is damaged: " + openssl_reason(),
                  "put it there again, whole");
  }
  int certificates = 0;
  int revocations = 0;
  for (int i = 0; i < sk_X509_INFO_num(parts.get()); ++i) {
    const X509_INFO* part = sk_X509_INFO_value(parts.get(), i);
    if (part->x509 != nullptr) {
      X509_STORE_add_cert(store.get(), part->x509);
      ++certificates;
    }
    if (part->crl != nullptr) {
      X509_STORE_add_crl(store.get(), part->crl);
      ++revocations;
    }
  }
  ERR_clear_error();
  if (certificates == 0) {
    return refuse("the keyring " + keyring.string() + " has no certificate in it",
                  "it is a PEM file: -----BEGIN CERTIFICATE-----");
  }
  if (revocations != 0) {
    X509_STORE_set_flags(store.get(), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  }
  return store;
}

tl::unexpected<Error> chain_error(const ChainFault& fault, const std::string& name,
                                  const std::string& keyring) {
  switch (fault.code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return refuse(fmt::format("{} is signed with an expired certificate: {} was valid until {}",
                                name, fault.subject, fault.not_after),
                    "sign it with a valid certificate, or set this machine's clock");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return refuse(
          fmt::format("{} is signed with a certificate of the future: {} is valid from {}", name,
                      fault.subject, fault.not_before),
          "set this machine's clock");
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return refuse(
          fmt::format("{} is signed by {}, whom the keyring {} does not know", name, fault.subject,
                      keyring),
          "have it signed by a known signer; add a certificate to the keyring only if you "
          "know whose it is");
    case X509_V_ERR_INVALID_PURPOSE:
      return refuse(
          fmt::format("{} is signed by {}, whose certificate is not for signing e-mail or "
                      "images",
                      name, fault.subject),
          "make the certificate with extendedKeyUsage=codeSigning,emailProtection");
    case X509_V_ERR_CERT_REVOKED:
      return refuse(
          fmt::format("{} is signed with a certificate that was revoked: {}", name, fault.subject),
          "do not use it; have it signed with another certificate");
    case X509_V_ERR_UNABLE_TO_GET_CRL:
      return refuse(fmt::format("whether {}, who signed {}, was revoked is not known: the keyring "
                                "{} has lists of others, and none of its authority",
                                fault.subject, name, keyring),
                    "put a revocation list of each authority into the keyring");
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID:
      return refuse(
          fmt::format("whether {}, who signed {}, was revoked is not known: the "
                      "revocation list in the keyring {} is not valid today",
                      fault.subject, name, keyring),
          "put the authority's newest list into the keyring, or set this machine's clock");
    default:
      return refuse(fmt::format("the certificate {} that {} is signed with is not accepted: {}",
                                fault.subject, name, X509_verify_cert_error_string(fault.code)),
                    "sign it with a certificate that the keyring's authority made");
  }
}

Result<Signer> verify_over(BIO* content, std::string_view signature,
                           const std::filesystem::path& keyring, const std::string& name) {
  auto store = read_keyring(keyring);
  if (!store) {
    return fail(std::move(store).error());
  }
  auto cms = parse_signature(signature, name);
  if (!cms) {
    return fail(std::move(cms).error());
  }
  ChainFault fault;
  X509_STORE_set_ex_data(store->get(), 0, &fault);
  X509_STORE_set_verify_cb(store->get(), note_fault);
  // Without a purpose of ours, CMS_verify asks for S/MIME signing: the same that RAUC asks for.
  const int good = CMS_verify(cms->get(), nullptr, store->get(), content, nullptr, CMS_BINARY);
  if (good != 1) {
    const std::string reason = openssl_reason();
    if (fault.code != X509_V_OK) {
      return chain_error(fault, name, keyring.string());
    }
    return refuse(name + " was changed after it was signed: " + reason,
                  "do not use it; get it again from whom it comes");
  }
  ISSU_TRY(check_signer_form(cms->get(), name), "verifying the signature");
  STACK_OF(X509)* signers = CMS_get0_signers(cms->get());
  if (signers == nullptr || sk_X509_num(signers) < 1) {
    return refuse(name + " is signed by nobody", "sign it again");
  }
  Signer signer = describe(sk_X509_value(signers, 0));
  sk_X509_free(signers);
  return signer;
}

}  // namespace

Result<Signer> verify_signature(const Fd& file, std::uint64_t size, std::string_view signature,
                                const std::filesystem::path& keyring, const std::string& name) {
  const FileRange content(file, size);
  auto signer = verify_over(content.get(), signature, keyring, name);
  if (!signer && content.failed()) {
    return fail(name + " could not be read to its end");
  }
  return signer;
}

Result<Signer> verify_signature(std::string_view content, std::string_view signature,
                                const std::filesystem::path& keyring, const std::string& name) {
  const BioHandle bio(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  return verify_over(bio.get(), signature, keyring, name);
}

}  // namespace issu::signing
