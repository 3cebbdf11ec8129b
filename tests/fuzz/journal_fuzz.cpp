#include <boost/crc.hpp>
#include <sstream>
#include <string>

#include "issu/dark_parts.hpp"
#include "issu/decide.hpp"
#include "issu/journal.hpp"
#include "tests/fuzz/json_change.hpp"
#include "tests/fuzz/memory_file.hpp"

namespace {

using issu::fuzz::MemoryFile;

void use(const std::string& bytes) {
  const MemoryFile file(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  const auto records = issu::Journal::read(file.path());
  if (!records) {
    if (records.error().kind() != issu::ErrorKind::needs_person || records.error().hint().empty()) {
      std::abort();
    }
    return;
  }
  static_cast<void>(issu::decide(*records));
  static_cast<void>(issu::to_json(issu::options_of(*records)));
  static_cast<void>(issu::frozen(*records));
  static_cast<void>(issu::migration(*records));
  static_cast<void>(issu::dark_parts(*records, 5, 1e6));
}

void add_frame(std::string& bytes, const std::string& text) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(text.data(), text.size());
  for (const std::uint64_t word : {std::uint64_t{text.size()}, std::uint64_t{crc.checksum()}}) {
    for (unsigned shift = 0; shift < 32; shift += 8) {
      bytes += static_cast<char>(word >> shift & 0xFFU);
    }
  }
  bytes += text;
}

}  // namespace

// A journal as it lies there; and one whose records, a line each, have the checksums that they
// need: what is in them is then all that can be wrong.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  use(input);
  std::string framed = "ISSUJRN1";
  std::string changed = framed;
  std::istringstream lines(input);
  std::uint64_t choice = issu::fuzz::choice_of(data, size);
  for (std::string line; std::getline(lines, line);) {
    add_frame(framed, line);
    add_frame(changed, issu::fuzz::with_another_type(line, choice));
    choice = choice * 3 + 1;
  }
  use(framed);
  use(changed);
  return 0;
}
