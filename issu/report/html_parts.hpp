#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace issu::report {

/// A table's row: its cells, not yet escaped. The first one is the row's name.
struct HtmlRow {
  std::vector<std::string> cells;
  std::string kind = {};  ///< "bad", "unknown": how the row stands out
};

/// A table with a head. Columns from `numbers` on are set to the right.
[[nodiscard]] std::string html_table(const std::vector<std::string>& head,
                                     const std::vector<HtmlRow>& rows, std::size_t numbers);

/// Names on the left, what stands behind them on the right.
[[nodiscard]] std::string html_facts(const std::vector<std::pair<std::string, std::string>>& facts);

/// A figure on its own: what it is, the figure, a line below. `kind`: "good", "bad", "unknown".
[[nodiscard]] std::string html_card(const std::string& name, const std::string& figure,
                                    const std::string& below, const std::string& kind);

/// A word in a box: an outcome, "passed".
[[nodiscard]] std::string html_badge(const std::string& word, const std::string& kind);

/// The whole page around its body, with the styles in it. `body` is HTML.
[[nodiscard]] std::string html_page(const std::string& title, const std::string& body);

/// An upgrade within a page, `level` 1 or 2: of its heading. `number`: which one of the page.
[[nodiscard]] std::string upgrade_html(const nlohmann::ordered_json& document,
                                       const std::vector<nlohmann::ordered_json>& trials,
                                       unsigned level, std::size_t number);

}  // namespace issu::report
