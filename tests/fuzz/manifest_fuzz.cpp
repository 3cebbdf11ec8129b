#include <cstdlib>
#include <string>

#include "issu/image/manifest.hpp"

// The manifest of a bundle. What is taken for good names plain files only, and is read again as the
// same from what is written of it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace issu::image;
  const auto manifest = read_manifest({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!manifest) {
    if (manifest.error().message().empty()) {
      std::abort();
    }
    return 0;
  }
  for (const ImageEntry& image : manifest->images) {
    if (!is_plain_name(image.filename) || image.filename == kManifestName ||
        image.sha256.size() != 64 || image.size == 0) {
      std::abort();
    }
  }
  if (manifest->images.empty() || !is_version(manifest->version) ||
      manifest->payload_index >= manifest->images.size()) {
    std::abort();
  }
  const auto again = read_manifest(write_manifest(*manifest), "again");
  if (!again || again->compatible != manifest->compatible || again->version != manifest->version ||
      again->payload().sha256 != manifest->payload().sha256 ||
      again->payload().filename != manifest->payload().filename ||
      again->minimum_version != manifest->minimum_version) {
    std::abort();
  }
  return 0;
}
