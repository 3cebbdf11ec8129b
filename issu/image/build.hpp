#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "issu/base/result.hpp"
#include "issu/image/manifest.hpp"

namespace issu::image {

/// What a bundle is made of. Exactly one of `root` and `payload` is named.
struct BuildOptions {
  std::filesystem::path root;         ///< a folder: becomes a squashfs root filesystem
  std::filesystem::path payload;      ///< a payload that is ready: taken as it is
  std::filesystem::path output;       ///< the bundle; one that is there is replaced in one step
  std::filesystem::path certificate;  ///< PEM, the signer's first
  std::filesystem::path key;          ///< PEM, without a passphrase
  std::filesystem::path keyring;      ///< when named, the bundle is verified against it

  std::string compatible;
  std::string version;
  std::string description = {};
  std::string build = {};
  Kind kind = Kind::rootfs;
  std::string architecture = {};  ///< empty: this machine's
  std::string minimum_version = {};
  std::vector<unsigned> schemas_read = {};
  std::vector<unsigned> schemas_written = {};
};

/// What came out.
struct BuiltBundle {
  Manifest manifest;
  std::uint64_t file_size = 0;
};

/// Makes a signed bundle (RAUC's plain format). Wrong options are told all at once
/// (ErrorKind::usage). Works in a folder beside `output` that is removed at the end.
Result<BuiltBundle> build_bundle(const BuildOptions& options);

}  // namespace issu::image
