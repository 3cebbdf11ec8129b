#include "issu/base/error.hpp"

#include <cstring>

namespace issu {

Error Error::from_errno(const std::string& what, int error_number, std::string hint) {
  char buffer[256] = {};
  return Error(what + ": " + strerror_r(error_number, buffer, sizeof buffer), std::move(hint));
}

Error&& Error::within(std::string context) && {
  if (!context.empty()) {
    contexts_.push_back(std::move(context));
  }
  return std::move(*this);
}

Error&& Error::as(ErrorKind kind) && {
  kind_ = kind;
  return std::move(*this);
}

std::string Error::message() const {
  std::string text;
  for (auto context = contexts_.rbegin(); context != contexts_.rend(); ++context) {
    text += *context + ": ";
  }
  text += what_;
  if (!hint_.empty()) {
    text += "\n    -> " + hint_;
  }
  for (const Error& other : others_) {
    text += "\n" + other.message();
  }
  return text;
}

}  // namespace issu
