#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "issu/base/result.hpp"

namespace issu::image {

/// The name of the manifest at the top of a bundle, and the most bytes that it may have.
inline constexpr const char* kManifestName = "manifest.raucm";
inline constexpr std::uint64_t kManifestLimit = 64U << 10U;

/// What a payload is.
enum class Kind {
  rootfs,  ///< a root filesystem with routing daemons, for a container
  kernel,  ///< a kernel (and its initrd) that the route processor is moved onto
  disk,    ///< a disk of a virtual machine
};

[[nodiscard]] const char* name_of(Kind kind);
/// No value for any other word.
[[nodiscard]] std::optional<Kind> kind_of(std::string_view name);

/// One payload as the manifest describes it.
struct ImageEntry {
  std::string name;        ///< the x of [image.x]
  std::string filename;    ///< beside the manifest; plain: no folder, no leading dot
  std::string sha256;      ///< 64 hexadecimal digits, lower case
  std::uint64_t size = 0;  ///< bytes
  int line = 0;            ///< of its section; 0 when it was not read
};

/// What manifest.raucm says, as far as it matters here.
struct Manifest {
  std::string compatible;   ///< which routers the image is for
  std::string version;      ///< of the routing software
  std::string description;  ///< may be empty
  std::string build;        ///< which build it was; may be empty
  Kind kind = Kind::rootfs;
  bool kind_stated = false;     ///< by [meta.issu]; else taken from there being one image only
  std::string architecture;     ///< "amd64"; empty: not stated
  std::string minimum_version;  ///< the oldest running version that it can follow; may be empty
  std::vector<unsigned> schemas_read;     ///< versions of saved state that it understands
  std::vector<unsigned> schemas_written;  ///< and those that it writes
  std::vector<ImageEntry> images;         ///< one at least

  [[nodiscard]] std::string kind_text() const { return name_of(kind); }
  /// The image that is brought into the router.
  [[nodiscard]] const ImageEntry& payload() const { return images[payload_index]; }
  std::size_t payload_index = 0;
};

/// Reads a manifest. `name` stands in front of every message ("new.raucb:manifest.raucm").
/// Sections and keys that are of no use here are passed over; what is needed must be there and
/// well-formed; hooks and handlers are refused, because they would not be run. All that is wrong
/// is told at once.
Result<Manifest> read_manifest(std::string_view text, const std::string& name);

/// The text of a manifest, as `rauc info` and `read_manifest` read it.
[[nodiscard]] std::string write_manifest(const Manifest& manifest);

/// Whether a bundle's file may have this name: letters, digits, '.', '_', '-', '+', not starting
/// with '.' or '-', at most 128 of them.
[[nodiscard]] bool is_plain_name(std::string_view name);

/// Whether this may be a version: printable, no spaces, at most 64 characters.
[[nodiscard]] bool is_version(std::string_view text);

}  // namespace issu::image
