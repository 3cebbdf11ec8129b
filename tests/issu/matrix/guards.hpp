#pragma once

#include <string_view>

/// In front of the product's files when they are built for the mutation test: each guard can be
/// taken away.
namespace issu::tests {

[[nodiscard]] bool is_removed(std::string_view guard);
/// From here on; "" puts all back.
void remove_guard(std::string_view guard);

}  // namespace issu::tests

#define ISSU_GUARD(name, guarded, without) \
  (::issu::tests::is_removed(#name) ? (without) : (guarded))
