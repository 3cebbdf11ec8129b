#include "issu/drill/archive_words.hpp"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "issu/base/file.hpp"

namespace issu::drill {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTelling = 8;
constexpr std::size_t kPiece = std::size_t{4} << 20U;

}  // namespace

std::vector<std::string> telling_words(const fs::path& folder) {
  std::set<std::string> words;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!entry->is_regular_file()) {
      continue;
    }
    std::istringstream text(read_file(entry->path()).value_or(""));
    for (std::string word; text >> word;) {
      if (word.size() >= kTelling) {
        words.insert(word);
      }
    }
  }
  return {words.begin(), words.end()};
}

std::vector<std::string> words_in(const std::string& text, const std::vector<std::string>& words) {
  std::vector<std::string> found;
  std::copy_if(words.begin(), words.end(), std::back_inserter(found),
               [&](const auto& word) { return text.find(word) != std::string::npos; });
  return found;
}

Result<std::vector<std::string>> words_in_file(const fs::path& file,
                                               const std::vector<std::string>& words) {
  std::size_t longest = 1;
  for (const std::string& word : words) {
    longest = std::max(longest, word.size());
  }
  std::ifstream bytes(file, std::ios::binary);
  std::set<std::string> found;
  std::string piece;
  while (bytes) {
    // A word can begin in one piece and end in the next.
    piece.erase(0, piece.size() - std::min(piece.size(), longest - 1));
    const std::size_t kept = piece.size();
    piece.resize(kept + kPiece);
    bytes.read(piece.data() + kept, kPiece);
    piece.resize(kept + static_cast<std::size_t>(bytes.gcount()));
    for (std::string& word : words_in(piece, words)) {
      found.insert(std::move(word));
    }
  }
  if (!bytes.eof()) {
    return fail("reading " + file.string() + " to look for words");
  }
  return std::vector<std::string>(found.begin(), found.end());
}

}  // namespace issu::drill
