#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace issu::ledger {

/// Nanoseconds since 1970 of "2026-01-31", "2026-01-31T12:00:00Z" or "2026-01-31T12:00:00.123Z",
/// all UTC; no value when it is none of these.
[[nodiscard]] std::optional<std::int64_t> wall_of(std::string_view text);

/// A month or year of the calendar, UTC; `end` belongs to the next one.
struct Span {
  std::string name;  ///< "2026-01", "2026"
  std::int64_t begin = 0;
  std::int64_t end = 0;
  [[nodiscard]] bool has(std::int64_t wall) const { return begin <= wall && wall < end; }
};

[[nodiscard]] Span month_with(std::int64_t wall_ns);
[[nodiscard]] Span year_with(std::int64_t wall_ns);

}  // namespace issu::ledger
