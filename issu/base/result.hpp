#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "issu/base/error.hpp"

namespace issu {

/// A value, or the error that stood in its way. Never throws on its own account.
template <typename T>
using Result = tl::expected<T, Error>;

/// Shorthand for returning a failure: `return fail("…", "…")`.
inline tl::unexpected<Error> fail(std::string what, std::string hint = {},
                                  ErrorKind kind = ErrorKind::failed) {
  return tl::unexpected<Error>(Error(std::move(what), std::move(hint), kind));
}

inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

/// A failed system call; call it before anything else touches errno.
tl::unexpected<Error> fail_errno(const std::string& what, std::string hint = {});

/// Passes an error on with this layer's context added.
inline tl::unexpected<Error> pass(Error error, std::string context) {
  return tl::unexpected<Error>(std::move(error).within(std::move(context)));
}

}  // namespace issu

/// Returns the error of `expression` (a Result) from the enclosing function, with context.
#define ISSU_TRY(expression, context)                                   \
  do {                                                                  \
    if (auto issu_try_result = (expression); !issu_try_result) {        \
      return ::issu::pass(std::move(issu_try_result).error(), context); \
    }                                                                   \
  } while (false)
