#include "backends/card/cpio.hpp"

#include <sys/stat.h>

#include <array>
#include <cstdio>

namespace issu::backends::card {
namespace {

void pad(std::string& archive) {
  archive.resize((archive.size() + 3) / 4 * 4, '\0');
}

/// The format "newc": a magic number and 13 numbers of 8 hexadecimal digits each.
void add(std::string& archive, const std::string& name, const std::string& content,
         std::uint32_t mode) {
  const std::array<std::size_t, 13> numbers{
      0, mode, 0, 0, 1, 0, content.size(), 0, 0, 0, 0, name.size() + 1, 0};
  archive += "070701";
  for (const std::size_t number : numbers) {
    char digits[9];
    std::snprintf(digits, sizeof digits, "%08zx", number);
    archive += digits;
  }
  archive += name;
  archive += '\0';
  pad(archive);
  archive += content;
  pad(archive);
}

}  // namespace

std::string cpio_of(const std::string& name, const std::string& content, std::uint32_t mode) {
  std::string archive;
  add(archive, name, content, S_IFREG | mode);
  add(archive, "TRAILER!!!", "", 0);
  return archive;
}

}  // namespace issu::backends::card
