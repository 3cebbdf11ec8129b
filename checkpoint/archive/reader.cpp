#include "checkpoint/archive/reader.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

namespace issu::archive {
namespace {

Result<Fd> open_file(const std::filesystem::path& file) {
  // Not blocking: a pipe of that name is refused, not waited for.
  Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) {
    return fail(Error::from_errno("opening the archive " + file.string(), errno,
                                  "look at the name and its permissions")
                    .as(ErrorKind::refused));
  }
  return fd;
}

tl::unexpected<Error> changed(const std::string& name, const std::string& what) {
  return fail(name + " is damaged or was changed: " + what,
              "copy it again, whole; if it stays so, take another archive", ErrorKind::refused);
}

}  // namespace

Result<Layout> look_at(const std::filesystem::path& file) {
  const auto fd = open_file(file);
  if (!fd) {
    return fail(fd.error());
  }
  return read_layout(*fd, file.string());
}

Result<SignedArchive> SignedArchive::open(const std::filesystem::path& file,
                                          const std::filesystem::path& keyring) {
  SignedArchive archive;
  archive.name_ = file.string();
  auto fd = open_file(file);
  if (!fd) {
    return fail(std::move(fd).error());
  }
  archive.file_ = std::move(*fd);
  auto layout = read_layout(archive.file_, archive.name_);
  if (!layout) {
    return fail(std::move(layout).error());
  }
  archive.layout_ = *layout;
  std::vector<unsigned char> signature(layout->trailer.signature_bytes);
  ISSU_TRY(read_at(archive.file_, layout->signature_at(), signature, archive.name_), "");
  const auto digest = sha256(signature);
  if (!digest) {
    return fail(digest.error());
  }
  if (*digest != layout->trailer.signature_digest) {
    return changed(archive.name_, "its signature is not as it was written");
  }
  archive.digests_.resize(layout->chunks * digest_bytes);
  ISSU_TRY(read_at(archive.file_, layout->digests_at(), archive.digests_, archive.name_), "");
  auto signer = signing::verify_signature(
      signed_bytes(layout->header_as_stored, layout->trailer.plain_bytes, archive.digests_),
      {reinterpret_cast<const char*>(signature.data()), signature.size()}, keyring, archive.name_);
  if (!signer) {
    return fail(std::move(signer).error().as(ErrorKind::refused));
  }
  archive.signer_ = std::move(*signer);
  return archive;
}

Result<void> SignedArchive::read_chunk(std::uint64_t number,
                                       std::span<unsigned char> sealed) const {
  ISSU_TRY(read_at(file_, layout_.chunk_at(number), sealed, name_), "");
  const auto digest = sha256(sealed);
  if (!digest) {
    return fail(digest.error());
  }
  if (!std::equal(digest->begin(), digest->end(),
                  digests_.begin() + static_cast<std::ptrdiff_t>(number * digest_bytes))) {
    return changed(name_, "piece " + std::to_string(number) + " of " +
                              std::to_string(layout_.chunks) + " is not what was signed");
  }
  return {};
}

Reader::Reader(const SignedArchive& archive, Cipher cipher)
    : archive_(&archive),
      cipher_(std::move(cipher)),
      sealed_(archive.layout().header.chunk_bytes() + tag_bytes),
      text_(archive.layout().header.chunk_bytes()),
      left_(archive.layout().trailer.plain_bytes) {}

Result<Reader> Reader::unlock(const SignedArchive& archive, const Key& key) {
  auto cipher = Cipher::make(key, archive.layout().header, archive.name());
  if (!cipher) {
    return fail(std::move(cipher).error());
  }
  return Reader(archive, std::move(*cipher));
}

Result<void> Reader::next_chunk() {
  const Layout& layout = archive_->layout();
  filled_ = layout.plain_of(next_);
  at_ = 0;
  const auto sealed = std::span(sealed_).first(filled_ + tag_bytes);
  ISSU_TRY(archive_->read_chunk(next_, sealed), "");
  ISSU_TRY(cipher_.open(next_, next_ + 1 == layout.chunks, sealed, text_.span().first(filled_)),
           "decrypting " + archive_->name());
  ++next_;
  return {};
}

Result<void> Reader::read(std::span<unsigned char> bytes) {
  if (bytes.size() > left_) {
    return changed(archive_->name(), "it ends before what is in it ends");
  }
  while (!bytes.empty()) {
    if (at_ == filled_) {
      ISSU_TRY(next_chunk(), "");
    }
    const std::size_t taken = std::min(bytes.size(), filled_ - at_);
    std::copy_n(text_.span().begin() + static_cast<std::ptrdiff_t>(at_), taken, bytes.begin());
    at_ += taken;
    left_ -= taken;
    bytes = bytes.subspan(taken);
  }
  return {};
}

}  // namespace issu::archive
