#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "issu/image/trailer.hpp"
#include "issu/signing/digest.hpp"
#include "issu/signing/signature.hpp"
#include "tests/image/keys.hpp"

#include <fcntl.h>

namespace issu::tests {

/// Makes a squashfs of `folder` with mksquashfs' own `extra` options (pseudo files: devices and
/// links without being root) and signs it: a bundle that no builder of ours would make.
inline void forge(const std::filesystem::path& folder, const std::filesystem::path& bundle,
                  const Keys& keys, const Argv& extra = {}) {
  Argv argv{"mksquashfs", folder.string(), bundle.string(), "-noappend", "-no-progress", "-quiet"};
  argv.insert(argv.end(), extra.begin(), extra.end());
  const auto made = run_checked(argv);
  REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message()));
  const Fd file(::open(bundle.c_str(), O_RDONLY | O_CLOEXEC));
  const auto size = std::filesystem::file_size(bundle);
  const auto signature = signing::make_signature(file, size, keys.certificate(), keys.key());
  REQUIRE(signature);
  auto bytes = read_file(bundle);
  REQUIRE(bytes);
  REQUIRE(write_file_atomic(bundle, *bytes + *signature + image::trailer_for(signature->size())));
}

/// A manifest for a payload with this text.
inline std::string manifest_for(const std::filesystem::path& payload) {
  const Fd file(::open(payload.c_str(), O_RDONLY | O_CLOEXEC));
  const auto size = std::filesystem::file_size(payload);
  const auto digest = signing::sha256_of(file, size, payload.string());
  REQUIRE(digest);
  return "[update]\ncompatible=issu-test\nversion=1\n\n[bundle]\nformat=plain\n\n[image.rootfs]\n"
         "filename=" +
         payload.filename().string() + "\nsize=" + std::to_string(size) + "\nsha256=" + *digest +
         "\n";
}

}  // namespace issu::tests
