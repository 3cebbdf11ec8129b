#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "issu/base/reasons.hpp"
#include "issu/image/bundle.hpp"
#include "issu/image/signature_kind.hpp"
#include "issu/image/squashfs.hpp"
#include "issu/image/trailer.hpp"

namespace issu::image {
namespace {

constexpr std::uint32_t kInodeLimit = 64;

std::filesystem::path path_of(const Fd& file) {
  return fmt::format("/proc/{}/fd/{}", getpid(), file.get());
}

Result<Fd> open_file(const std::filesystem::path& path) {
  // Not blocking: a pipe of that name is refused, not waited for.
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) {
    return fail(Error::from_errno("opening the image " + path.string(), errno,
                                  "look at the name and its permissions")
                    .as(ErrorKind::refused));
  }
  return file;
}

const Entry* find(const std::vector<Entry>& entries, const std::string& name) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& each) { return each.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

/// Each image of the manifest is there with its size.
Result<void> match(const Manifest& manifest, const std::vector<Entry>& entries,
                   const std::string& name) {
  Reasons reasons;
  for (const ImageEntry& image : manifest.images) {
    const Entry* entry = find(entries, image.filename);
    if (entry == nullptr) {
      reasons.add(fmt::format("{} has no {}, which its manifest names", name, image.filename),
                  "build the image again");
    } else if (entry->size != image.size) {
      reasons.add(fmt::format("{} holds {} with {} bytes, its manifest says {}", name,
                              image.filename, entry->size, image.size),
                  "build the image again");
    }
  }
  return std::move(reasons).result();
}

/// The manifest of the squashfs in front of the signature.
Result<Manifest> look_inside(const Fd& file, const Layout& layout, const std::string& name) {
  if (layout.inodes > kInodeLimit) {
    return fail(fmt::format("{} holds {} files: a bundle has a manifest and a payload or few", name,
                            layout.inodes),
                "is it a root filesystem itself? `issu image build` makes an image of it",
                ErrorKind::refused);
  }
  const auto inside = path_of(file);
  const auto entries = list_plain(inside, name);
  if (!entries) {
    return fail(entries.error());
  }
  const Entry* entry = find(*entries, kManifestName);
  if (entry == nullptr) {
    return fail(fmt::format("{} has no {}", name, kManifestName),
                "build it with `issu image build`", ErrorKind::refused);
  }
  if (entry->size > kManifestLimit) {
    return fail(fmt::format("{} has a {} of {} bytes: more than {} KiB is not read", name,
                            kManifestName, entry->size, kManifestLimit >> 10U),
                "build the image again", ErrorKind::refused);
  }
  auto text = read_entry(inside, kManifestName);
  if (!text) {
    return fail(
        std::move(text).error().within("reading the manifest of " + name).as(ErrorKind::refused));
  }
  auto manifest = read_manifest(*text, name + ":" + kManifestName);
  if (!manifest) {
    return fail(std::move(manifest).error().as(ErrorKind::refused));
  }
  ISSU_TRY(match(*manifest, *entries, name), "looking into the image");
  return manifest;
}

}  // namespace

std::filesystem::path VerifiedBundle::open_path() const {
  return path_of(file_);
}

Result<VerifiedBundle> open_bundle(const std::filesystem::path& path,
                                   const std::filesystem::path& keyring) {
  const std::string name = path.string();
  auto file = open_file(path);
  if (!file) {
    return fail(std::move(file).error());
  }
  const auto layout = read_layout(*file, name);
  if (!layout) {
    return fail(layout.error());
  }
  const auto signature = read_signature(*file, *layout, name);
  if (!signature) {
    return fail(signature.error());
  }
  if (auto plain = check_plain(*signature, name); !plain) {
    return fail(std::move(plain).error());
  }
  auto signer = signing::verify_signature(*file, layout->squashfs_size, *signature, keyring, name);
  if (!signer) {
    return fail(std::move(signer).error().as(ErrorKind::refused));
  }
  auto manifest = look_inside(*file, *layout, name);
  if (!manifest) {
    return fail(std::move(manifest).error());
  }
  VerifiedBundle bundle;
  bundle.path_ = path;
  bundle.file_ = *std::move(file);
  bundle.file_size_ = layout->file_size;
  bundle.manifest_ = *std::move(manifest);
  bundle.signer_ = *std::move(signer);
  return bundle;
}

Result<UnverifiedBundle> peek_bundle(const std::filesystem::path& path) {
  const std::string name = path.string();
  auto file = open_file(path);
  if (!file) {
    return fail(std::move(file).error());
  }
  const auto layout = read_layout(*file, name);
  if (!layout) {
    return fail(layout.error());
  }
  auto manifest = look_inside(*file, *layout, name);
  if (!manifest) {
    return fail(std::move(manifest).error());
  }
  return UnverifiedBundle{path, layout->file_size, *std::move(manifest)};
}

}  // namespace issu::image
