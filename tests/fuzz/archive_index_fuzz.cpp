#include <cstdlib>
#include <set>
#include <string>

#include "checkpoint/archive/index.hpp"

// An index, behind the 8 bytes that say how much follows it. What is taken for good has to be safe
// to unpack.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace issu::archive;
  if (size < 8) {
    return 0;
  }
  std::uint64_t content = 0;
  for (std::size_t i = 8; i-- > 0;) {
    content = content << 8U | data[i];
  }
  const auto index = decode_index({reinterpret_cast<const char*>(data) + 8, size - 8}, content);
  if (!index) {
    if (index.error().hint().empty()) {
      std::abort();  // every refusal says what to do
    }
    return 0;
  }
  std::set<std::string> folders{""};
  std::set<std::string> names;
  for (const Entry& entry : index->entries) {
    const auto slash = entry.name.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : entry.name.substr(0, slash);
    if (("/" + entry.name + "/").find("/../") != std::string::npos || entry.name.front() == '/' ||
        !folders.contains(folder) || !names.insert(entry.name).second) {
      std::abort();
    }
    if (entry.folder) {
      folders.insert(entry.name);
    }
  }
  const auto again = decode_index(encode_index(*index), content);
  if (index->bytes() != content || !again || encode_index(*again) != encode_index(*index)) {
    std::abort();
  }
  return 0;
}
