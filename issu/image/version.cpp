#include "issu/image/version.hpp"

#include <algorithm>

namespace issu::image {
namespace {

bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

/// Takes the leading part of digits, or of anything else, off the text.
std::string_view take(std::string_view& text, bool digits) {
  const auto* const end =
      std::find_if(text.begin(), text.end(), [&](char byte) { return is_digit(byte) != digits; });
  const auto size = static_cast<std::size_t>(end - text.begin());
  const std::string_view part = text.substr(0, size);
  text.remove_prefix(size);
  return part;
}

/// '~' sorts before the end of the text, the end before everything else.
int rank(std::string_view text, std::size_t at) {
  if (at >= text.size()) {
    return 1;
  }
  return text[at] == '~' ? 0 : 2 + static_cast<unsigned char>(text[at]);
}

int compare_words(std::string_view left, std::string_view right) {
  for (std::size_t at = 0; at < std::max(left.size(), right.size()); ++at) {
    if (const int difference = rank(left, at) - rank(right, at); difference != 0) {
      return difference;
    }
  }
  return 0;
}

int compare_numbers(std::string_view left, std::string_view right) {
  left.remove_prefix(std::min(left.find_first_not_of('0'), left.size()));
  right.remove_prefix(std::min(right.find_first_not_of('0'), right.size()));
  if (left.size() != right.size()) {
    return left.size() < right.size() ? -1 : 1;
  }
  return left.compare(right);
}

}  // namespace

int compare_versions(std::string_view left, std::string_view right) {
  while (!left.empty() || !right.empty()) {
    const std::string_view left_word = take(left, false);
    const std::string_view right_word = take(right, false);
    if (const int order = compare_words(left_word, right_word); order != 0) {
      return order;
    }
    const std::string_view left_number = take(left, true);
    const std::string_view right_number = take(right, true);
    if (const int order = compare_numbers(left_number, right_number); order != 0) {
      return order;
    }
  }
  return 0;
}

}  // namespace issu::image
