#include "checkpoint/archive/writer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "issu/signing/signature.hpp"

namespace issu::archive {
namespace {

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

Result<void> refuse_existing(const std::filesystem::path& file, bool replace) {
  struct stat status {};
  if (::lstat(file.c_str(), &status) != 0) {
    return {};
  }
  if (!S_ISREG(status.st_mode) || !replace) {
    return fail(file.string() + " is there already",
                S_ISREG(status.st_mode) ? "choose another name, or replace it with --force"
                                        : "choose another name",
                ErrorKind::refused);
  }
  return {};
}

}  // namespace

Result<void> check_signer(const SignedBy& signer, const std::filesystem::path& keyring) {
  const std::string probe = "issu archive: can this signer sign?";
  auto signature = signing::make_signature(probe, signer.certificate, signer.key);
  if (!signature) {
    return fail(std::move(signature).error().as(ErrorKind::refused));
  }
  if (!keyring.empty()) {
    auto verified = signing::verify_signature(probe, *signature, keyring, "what would be written");
    if (!verified) {
      return fail(std::move(verified).error().as(ErrorKind::refused));
    }
  }
  return {};
}

Writer::Writer(std::filesystem::path file, Fd fd, bool replace, const Header& header, Cipher cipher)
    : file_(std::move(file)),
      fd_(std::move(fd)),
      replace_(replace),
      header_(header),
      cipher_(std::move(cipher)),
      text_(header.chunk_bytes()),
      sealed_(header.chunk_bytes() + tag_bytes) {}

Result<Writer> Writer::create(const std::filesystem::path& file, const Key& key,
                              const Options& options) {
  ISSU_TRY(refuse_existing(file, options.replace), "");
  ISSU_TRY(check_passphrase(key), "");
  auto header = new_header(key, options.chunk_log2);
  if (!header) {
    return fail(std::move(header).error());
  }
  auto cipher = Cipher::make(key, *header, file.string());
  if (!cipher) {
    return fail(std::move(cipher).error());
  }
  // No name: whatever ends us, an unfinished archive is not found by anybody.
  Fd fd(::open(folder_of(file).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd) {
    return fail_errno("creating a file in " + folder_of(file).string(),
                      "the folder has to exist, on a file system that knows O_TMPFILE (ext4, xfs, "
                      "btrfs, tmpfs)");
  }
  Writer writer(file, std::move(fd), options.replace, *header, std::move(*cipher));
  ISSU_TRY(writer.put(encode(*header)), "");
  return writer;
}

Result<void> Writer::put(Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return fail_errno("writing " + file_.string());
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> Writer::put_chunk(bool last) {
  const auto sealed = std::span(sealed_).first(filled_ + tag_bytes);
  ISSU_TRY(cipher_.seal(chunks_, last, text_.span().first(filled_), sealed), "");
  const auto digest = sha256(sealed);
  if (!digest) {
    return fail(digest.error());
  }
  digests_.insert(digests_.end(), digest->begin(), digest->end());
  ++chunks_;
  filled_ = 0;
  return put(sealed);
}

Result<void> Writer::write(Bytes bytes) {
  while (!bytes.empty()) {
    // A full chunk waits until something follows: only then it is known not to be the last.
    if (filled_ == text_.size()) {
      ISSU_TRY(put_chunk(false), "writing " + file_.string());
    }
    const std::size_t taken = std::min(bytes.size(), text_.size() - filled_);
    std::copy_n(bytes.begin(), taken, text_.span().begin() + static_cast<std::ptrdiff_t>(filled_));
    filled_ += taken;
    plain_bytes_ += taken;
    bytes = bytes.subspan(taken);
  }
  return {};
}

Result<void> Writer::finish(const SignedBy& signer) {
  ISSU_TRY(put_chunk(true), "writing " + file_.string());
  ISSU_TRY(put(digests_), "");
  const auto signature = signing::make_signature(
      signed_bytes(encode(header_), plain_bytes_, digests_), signer.certificate, signer.key);
  if (!signature) {
    return pass(signature.error(), "signing " + file_.string());
  }
  const Bytes bytes(reinterpret_cast<const unsigned char*>(signature->data()), signature->size());
  const auto digest = sha256(bytes);
  if (!digest) {
    return fail(digest.error());
  }
  ISSU_TRY(put(bytes), "");
  ISSU_TRY(put(encode(Trailer{plain_bytes_, signature->size(), *digest})), "");
  if (::fsync(fd_.get()) != 0) {
    return fail_errno("syncing " + file_.string());
  }
  return give_name();
}

Result<void> Writer::give_name() {
  const std::string ours = fmt::format("/proc/self/fd/{}", fd_.get());
  // With an old one in place the new name is made beside it first: link(2) replaces nothing.
  const std::string name =
      replace_ ? fmt::format("{}.{}", file_.string(), ::getpid()) : file_.string();
  if (::linkat(AT_FDCWD, ours.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
    return fail_errno("naming " + name, "choose another name, or replace it with --force");
  }
  if (replace_ && ::rename(name.c_str(), file_.c_str()) != 0) {
    const auto failed = fail_errno("replacing " + file_.string());
    ::unlink(name.c_str());
    return failed;
  }
  const Fd folder(::open(folder_of(file_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) {
    return fail_errno("syncing the folder of " + file_.string());
  }
  return {};
}

}  // namespace issu::archive
