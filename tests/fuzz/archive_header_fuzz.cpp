#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "checkpoint/archive/format.hpp"

// An archive's file as a stranger may write it: both ends are read, and what they claim has to fit.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace issu::archive;
  static const issu::Fd file(::memfd_create("archive", MFD_CLOEXEC));
  if (::ftruncate(file.get(), 0) != 0 ||
      ::pwrite(file.get(), data, size, 0) != static_cast<ssize_t>(size)) {
    std::abort();
  }
  const auto layout = read_layout(file, "fuzz");
  if (!layout) {
    if (layout.error().hint().empty()) {
      std::abort();  // every refusal says what to do
    }
    return 0;
  }
  const std::uint64_t last = layout->chunks - 1;
  if (layout->chunks == 0 || layout->plain_of(last) > layout->header.chunk_bytes() ||
      layout->chunk_at(last) + layout->plain_of(last) + tag_bytes != layout->digests_at() ||
      layout->signature_at() + layout->trailer.signature_bytes + trailer_bytes != size ||
      encode(layout->header) != layout->header_as_stored) {
    std::abort();
  }
  return 0;
}
