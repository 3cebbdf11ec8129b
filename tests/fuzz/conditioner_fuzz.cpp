// The document of what CRIU forgets, from somebody who may be anybody: as a whole file, and its
// sections as if the digest were right. And the kernel's answer about keys.

#include <cstdint>
#include <cstdlib>
#include <map>
#include <span>
#include <vector>

#include "checkpoint/conditioner/codec.hpp"
#include "checkpoint/conditioner/md5_keys.hpp"
#include "checkpoint/conditioner/memberships.hpp"

namespace {

using namespace issu::checkpoint::conditioner;

void check(const issu::Result<Record>& record) {
  if (!record) {
    return;
  }
  for (const Socket& socket : record->sockets) {
    if (socket.holders.empty()) {
      std::abort();
    }
    for (const Md5Key& key : socket.keys) {
      if (key.key.empty() || key.key.size() > 80) {
        std::abort();
      }
    }
  }
  const auto bytes = encode(*record);
  if (!bytes || decode(*bytes) != *record) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  check(decode(bytes));
  if (size >= 2) {
    const std::size_t cut = (std::size_t{data[0]} << 8U | data[1]) % (size - 1);
    const auto rest = bytes.subspan(2);
    const auto at = cut < rest.size() ? cut : rest.size();
    check(decode_sections(rest.first(at), rest.subspan(at)));
  }
  std::map<std::uint64_t, std::vector<Md5Key>> keys;
  parse_md5_keys(bytes, keys);
  const std::string_view text(static_cast<const char*>(static_cast<const void*>(data)), size);
  (void)parse_igmp(text);
  (void)parse_igmp6(text);
  return 0;
}
