#include <cstdlib>
#include <string>

#include "issu/image/signature_kind.hpp"
#include "issu/image/trailer.hpp"
#include "issu/signing/signature_form.hpp"
#include "tests/fuzz/memory_file.hpp"

// A bundle's ends: the superblock, the size of the signature, and the signature (CMS, DER), all of
// which are read before anything is verified. The whole input is taken for a signature, too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace issu;
  const std::string whole(reinterpret_cast<const char*>(data), size);
  const auto look_at = [](const std::string& der) {
    if (const auto plain = image::check_plain(der, "fuzz"); !plain) {
      return;
    }
    if (const auto cms = signing::parse_signature(der, "fuzz"); cms) {
      // Nobody's certificate was found: the rest of it has to refuse.
      if (signing::check_signer_form(cms->get(), "fuzz")) {
        std::abort();
      }
    }
  };
  look_at(whole);
  const fuzz::MemoryFile file(data, size);
  const auto layout = image::read_layout(file.fd(), "fuzz");
  if (!layout) {
    return 0;
  }
  if (layout->file_size != size ||
      layout->squashfs_size + layout->signature_size + 8 != layout->file_size ||
      layout->squashfs_size < 96 || layout->signature_size == 0) {
    std::abort();
  }
  const auto signature = image::read_signature(file.fd(), *layout, "fuzz");
  if (!signature || whole.compare(layout->squashfs_size, layout->signature_size, *signature) != 0) {
    std::abort();
  }
  look_at(*signature);
  return 0;
}
