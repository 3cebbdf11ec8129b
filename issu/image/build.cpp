#include "issu/image/build.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>

#include "issu/base/file.hpp"
#include "issu/base/reasons.hpp"
#include "issu/image/bundle.hpp"
#include "issu/image/squashfs.hpp"
#include "issu/image/trailer.hpp"
#include "issu/signing/digest.hpp"
#include "issu/signing/signature.hpp"

namespace issu::image {
namespace {

namespace fs = std::filesystem;

class Workplace {
 public:
  Workplace() = default;
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  ~Workplace() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Result<void> make_beside(const fs::path& file) {
    std::string pattern = fs::absolute(file).string() + ".XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
      return fail_errno("making a folder beside " + file.string());
    }
    folder_ = pattern;
    return {};
  }
  [[nodiscard]] fs::path operator/(const std::string& name) const { return folder_ / name; }

 private:
  fs::path folder_;
};

Result<void> check(const BuildOptions& options) {
  Reasons reasons;
  const auto need = [&](bool good, const std::string& what, const std::string& hint = {}) {
    if (!good) {
      reasons.add(Error(what, hint, ErrorKind::usage));
    }
  };
  std::error_code ignored;
  need(options.root.empty() != options.payload.empty(),
       "an image is made either from a folder or from a ready payload", "name one of the two");
  need(options.root.empty() || fs::is_directory(options.root, ignored),
       options.root.string() + " is not a folder");
  need(options.payload.empty() || fs::is_regular_file(options.payload, ignored),
       options.payload.string() + " is not a file");
  need(options.root.empty() || options.kind == Kind::rootfs,
       "only a root filesystem is made from a folder", "name a ready payload for other kinds");
  need(!options.output.empty(), "the image has no name", "name an output file");
  need(!options.compatible.empty(), "compatible is empty", "say which routers the image is for");
  need(is_version(options.version), "'" + options.version + "' is not a version",
       "letters, digits and . _ - + ~ :, at most 64");
  need(options.minimum_version.empty() || is_version(options.minimum_version),
       "'" + options.minimum_version + "' is not a version");
  need(fs::is_regular_file(options.certificate, ignored),
       "the certificate '" + options.certificate.string() + "' is not there");
  need(fs::is_regular_file(options.key, ignored),
       "the key '" + options.key.string() + "' is not there");
  return std::move(reasons).result();
}

/// Hands the payload into `content`, without a copy where the filesystem allows it.
Result<void> place_payload(const BuildOptions& options, const fs::path& place) {
  if (!options.root.empty()) {
    return pack_rootfs(options.root, place);
  }
  std::error_code error;
  const fs::path source = fs::canonical(options.payload, error);
  if (!error) {
    fs::create_hard_link(source, place, error);
  }
  if (error) {
    error.clear();
    fs::copy_file(options.payload, place, error);
  }
  if (error) {
    return fail("copying " + options.payload.string() + ": " + error.message());
  }
  return {};
}

Result<Manifest> describe(const BuildOptions& options, const fs::path& place) {
  const Fd file(::open(place.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) {
    return fail_errno("opening " + place.string());
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size == 0) {
    return fail("the payload is empty", "", ErrorKind::usage);
  }
  auto digest = signing::sha256_of(file, size, place.string());
  if (!digest) {
    return fail(std::move(digest).error());
  }
  Manifest manifest;
  manifest.compatible = options.compatible;
  manifest.version = options.version;
  manifest.description = options.description;
  manifest.build = options.build;
  manifest.kind = options.kind;
  manifest.kind_stated = true;
  manifest.architecture = options.architecture.empty() ? host_architecture() : options.architecture;
  manifest.minimum_version = options.minimum_version;
  manifest.schemas_read = options.schemas_read;
  manifest.schemas_written = options.schemas_written;
  manifest.images.push_back(
      {name_of(options.kind), place.filename().string(), *std::move(digest), size, 0});
  return manifest;
}

Result<void> append(const Fd& file, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
    if (count < 0) {
      return fail_errno("writing " + name);
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<std::uint64_t> sign(const fs::path& bundle, const BuildOptions& options) {
  const Fd file(::open(bundle.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) {
    return fail_errno("opening " + bundle.string());
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const auto signature = signing::make_signature(file, size, options.certificate, options.key);
  if (!signature) {
    return fail(signature.error());
  }
  const std::string tail = *signature + trailer_for(signature->size());
  ISSU_TRY(append(file, tail, bundle.string()), "signing the image");
  if (::fchmod(file.get(), 0644) != 0 || ::fsync(file.get()) != 0) {
    return fail_errno("syncing " + bundle.string());
  }
  return size + tail.size();
}

}  // namespace

Result<BuiltBundle> build_bundle(const BuildOptions& options) {
  ISSU_TRY(check(options), "building an image");
  Workplace work;
  ISSU_TRY(work.make_beside(options.output), "building an image");
  const fs::path content = work / "content";
  const fs::path place = content / (options.kind == Kind::kernel ? std::string("kernel.img")
                                    : options.kind == Kind::disk ? std::string("disk.img")
                                                                 : std::string("rootfs.squashfs"));
  ISSU_TRY(make_dirs(content), "building an image");
  ISSU_TRY(place_payload(options, place), "building an image");
  auto manifest = describe(options, place);
  if (!manifest) {
    return fail(std::move(manifest).error());
  }
  // What is written must be readable: an odd value is found here, not at the router.
  const std::string text = write_manifest(*manifest);
  if (auto again = read_manifest(text, kManifestName); !again) {
    return fail(std::move(again).error().as(ErrorKind::usage));
  }
  ISSU_TRY(write_file_atomic(content / kManifestName, text, 0644), "building an image");
  const fs::path bundle = work / "bundle";
  ISSU_TRY(pack_bundle(content, bundle), "building an image");
  const auto size = sign(bundle, options);
  if (!size) {
    return fail(size.error());
  }
  if (!options.keyring.empty()) {
    ISSU_TRY(open_bundle(bundle, options.keyring), "verifying what was built");
  }
  if (::rename(bundle.c_str(), options.output.c_str()) != 0) {
    return fail_errno("renaming the image to " + options.output.string());
  }
  return BuiltBundle{*std::move(manifest), *size};
}

}  // namespace issu::image
