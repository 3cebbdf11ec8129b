#pragma once

#include <string>
#include <string_view>

#include "issu/base/result.hpp"
#include "issu/signing/openssl.hpp"

namespace issu::signing {

/// Reads a detached CMS signature (DER) of one signer. Refuses other things that can stand in its
/// place, and every encoding but the one right one.
///
/// Some parts of a CMS structure are covered by no signature: versions, the content's type, how
/// the signer is named, the name of the signature's algorithm. OpenSSL reads over most of them;
/// here they must be what they have to be, so that no bit of what is signed can change unseen.
Result<CmsHandle> parse_signature(std::string_view der, const std::string& name);

/// The other half of it, once the signer's certificate was found by the verification.
Result<void> check_signer_form(CMS_ContentInfo* cms, const std::string& name);

}  // namespace issu::signing
