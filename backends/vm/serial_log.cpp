#include "backends/vm/serial_log.hpp"

#include <array>
#include <fstream>

namespace issu::backends::vm {
namespace {

constexpr std::streamoff longest_read = 256 << 10;
constexpr std::size_t longest_line = 200;

/// What the end of a guest is told by, wherever it stands; the first of a log counts.
constexpr std::array<std::string_view, 3> ends{"Kernel panic - not syncing", "No bootable device",
                                               "Boot failed"};

/// A line of a terminal without its control sequences.
std::string plain(std::string_view line) {
  std::string text;
  for (std::size_t at = 0; at < line.size() && text.size() < longest_line; ++at) {
    if (line[at] == '\x1b') {
      // ESC [ parameters letter, or ESC and one more.
      if (++at < line.size() && line[at] == '[') {
        while (++at < line.size() && (line[at] < '@' || line[at] > '~')) {
        }
      }
    } else if (line[at] >= ' ' && line[at] <= '~') {
      text += line[at];
    }
  }
  const auto first = text.find_first_not_of(' ');
  const auto last = text.find_last_not_of(' ');
  return first == std::string::npos ? std::string() : text.substr(first, last - first + 1);
}

}  // namespace

std::string last_words(std::string_view serial) {
  std::array<std::string, ends.size()> told;
  std::string last;
  while (!serial.empty()) {
    const auto end = std::min(serial.find('\n'), serial.size());
    if (std::string line = plain(serial.substr(0, end)); !line.empty()) {
      for (std::size_t n = 0; n < ends.size(); ++n) {
        if (told[n].empty() && line.find(ends[n]) != std::string::npos) {
          told[n] = line;
        }
      }
      last = std::move(line);
    }
    serial.remove_prefix(std::min(end + 1, serial.size()));
  }
  for (std::string& line : told) {
    if (!line.empty()) {
      return std::move(line);
    }
  }
  return last;
}

std::string told_by_serial(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) {
    return "it left no serial log";
  }
  const std::streamoff size = in.tellg();
  in.seekg(size > longest_read ? size - longest_read : 0);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const std::string said = last_words(text);
  return "its serial log " + file.string() + (said.empty() ? " is empty" : " says: " + said);
}

}  // namespace issu::backends::vm
