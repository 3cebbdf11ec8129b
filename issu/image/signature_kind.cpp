#include "issu/image/signature_kind.hpp"

#include "issu/signing/openssl.hpp"

namespace issu::image {
namespace {

tl::unexpected<Error> other_format(const std::string& name, const char* format) {
  return fail(name + " is a bundle with format=" + format + ", which is not read here",
              "build it with format=plain under [bundle]", ErrorKind::refused);
}

}  // namespace

Result<void> check_plain(std::string_view der, const std::string& name) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const signing::CmsHandle cms(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(der.size())));
  if (!cms) {
    ERR_clear_error();
    return {};
  }
  const int type = OBJ_obj2nid(CMS_get0_type(cms.get()));
  if (type == NID_pkcs7_enveloped || type == NID_id_smime_ct_authEnvelopedData) {
    return other_format(name, "crypt");
  }
  if (type == NID_pkcs7_signed && CMS_is_detached(cms.get()) != 1) {
    return other_format(name, "verity");
  }
  return {};
}

}  // namespace issu::image
