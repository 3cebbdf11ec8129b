#include "issu/base/result.hpp"

#include <cerrno>

namespace issu {

tl::unexpected<Error> fail_errno(const std::string& what, std::string hint) {
  const int error_number = errno;
  return tl::unexpected<Error>(Error::from_errno(what, error_number, std::move(hint)));
}

}  // namespace issu
