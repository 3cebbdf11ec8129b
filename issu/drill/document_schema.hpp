#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace issu::drill {

enum class FieldType { text, boolean, number };

/// A field of an upgrade's result document that an expectation can name.
struct Field {
  std::string_view path;  ///< list members as [*]
  FieldType type;
  bool can_be_negative = false;
};

/// All of them, and `exit_code`, which the drill adds.
[[nodiscard]] const std::vector<Field>& result_fields();

/// The field that a path names ("phases[reconcile].seconds" is phases[*].seconds), nullptr when
/// there is none. Also takes a JSON pointer ("/data_plane/lost").
[[nodiscard]] const Field* field_of(std::string_view path);

/// A path in its dotted form.
[[nodiscard]] std::string dotted(std::string_view path);
/// The same with every selector as [*].
[[nodiscard]] std::string generic(std::string_view path);

}  // namespace issu::drill
