// The header of a shared-memory file that somebody else wrote: opening refuses it, or the tables
// can be used without leaving their memory.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "issu/base/fd.hpp"
#include "state-sync/tables/batch.hpp"
#include "state-sync/tables/geometry.hpp"
#include "state-sync/tables/segment.hpp"

namespace {

/// Input: one byte of choices, then the header's bytes.
void try_header(const std::uint8_t* data, std::size_t size) {
  const std::uint8_t choices = data[0];
  npu_header header{};
  std::memcpy(&header, data + 1, std::min(size - 1, sizeof header));
  if ((choices & 1U) != 0) {  // somebody who knows the format
    header.magic = NPU_MAGIC;
    header.version = NPU_LAYOUT_VERSION;
    header.header_bytes = sizeof header;
  }
  if ((choices & 2U) != 0) {
    const auto bytes = issu::tables::region_bytes(header.capacities);
    std::copy(bytes.begin(), bytes.end(), header.region_bytes);
  }
  if ((choices & 4U) != 0) {
    header.checksum = npu_checksum(&header, offsetof(npu_header, checksum));
  }
  const issu::Fd file(memfd_create("tables", MFD_CLOEXEC));
  if (!file || ftruncate(file.get(), (choices & 8U) != 0 ? 512 : 256 << 20) != 0 ||
      pwrite(file.get(), &header, sizeof header, 0) != sizeof header) {
    std::abort();
  }
  const auto segment =
      issu::tables::Segment::open_file("/proc/self/fd/" + std::to_string(file.get()));
  if (!segment) {
    return;
  }
  for (std::uint32_t address = 1; address < 0xf0000000U; address += 0x07654321U) {
    std::uint32_t id = 0;
    issu::tables::lookup4(segment->view(), &address, &id, 1);
    if (id > NPU_ID_MASK || npu_lookup4(&segment->view(), address) > NPU_ID_MASK) {
      std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) {
    try_header(data, size);
  }
  return 0;
}
