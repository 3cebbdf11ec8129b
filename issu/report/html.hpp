#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace issu::report {

/// A text as it may stand in HTML, in an attribute too. Bytes that are no UTF-8 become U+FFFD,
/// control characters as well.
[[nodiscard]] std::string escaped(std::string_view text);

/// The text with every byte that is no UTF-8 as U+FFFD.
[[nodiscard]] std::string as_utf8(std::string_view text);

/// An upgrade's document as a page of its own: opened from a disk without a network, nothing is
/// fetched and no script runs. `trials` as in rfc7654.hpp.
[[nodiscard]] std::string upgrade_page(const nlohmann::ordered_json& document,
                                       const std::vector<nlohmann::ordered_json>& trials);

/// The same of the documents of drills (docs/drills.md), one behind the other.
[[nodiscard]] std::string drill_page(const std::vector<nlohmann::ordered_json>& drills);

/// The timeline of an upgrade's document as inline SVG: phases, packets received and lost a stream,
/// sessions. Without a timeline: a sentence that says so. `number` tells the pictures of one page
/// apart.
[[nodiscard]] std::string timeline_svg(const nlohmann::ordered_json& document, std::size_t number);

}  // namespace issu::report
