#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"
#include "issu/image/manifest.hpp"
#include "issu/signing/signature.hpp"

namespace issu::image {

/// A bundle whose signature was verified and whose contents were looked through. Only
/// `open_bundle` makes one. It holds the file open: what is read later is what was verified, also
/// when another file takes its name.
class VerifiedBundle {
 public:
  /// Where it was opened.
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  [[nodiscard]] const signing::Signer& signer() const { return signer_; }
  /// Bytes of the payload once it is extracted, and of the bundle itself.
  [[nodiscard]] std::uint64_t payload_size() const { return manifest_.payload().size; }
  [[nodiscard]] std::uint64_t file_size() const { return file_size_; }
  /// What the payload's digest has to be; `extract_payload` holds it to that.
  [[nodiscard]] const std::string& payload_sha256() const { return manifest_.payload().sha256; }
  /// A path to the open file itself, for programs; good as long as this object lives.
  [[nodiscard]] std::filesystem::path open_path() const;

 private:
  friend Result<VerifiedBundle> open_bundle(const std::filesystem::path& path,
                                            const std::filesystem::path& keyring);
  VerifiedBundle() = default;

  std::filesystem::path path_;
  Fd file_;
  std::uint64_t file_size_ = 0;
  Manifest manifest_;
  signing::Signer signer_;
};

/// Opens a bundle and verifies it, in this order: size and trailer; the signature over everything
/// in front of it, against `keyring` (PEM); files only at the top; the manifest; the payload is
/// there with the size that the manifest says. Refuses with all reasons of a step at once;
/// ErrorKind::refused throughout. Nothing is mounted, and no part of the file is in memory but the
/// signature (1 MiB at most) and the manifest (64 KiB at most).
Result<VerifiedBundle> open_bundle(const std::filesystem::path& path,
                                   const std::filesystem::path& keyring);

/// What `issu image info` shows of a bundle that nobody vouches for. Never to be run.
struct UnverifiedBundle {
  std::filesystem::path path;
  std::uint64_t file_size = 0;
  Manifest manifest;
};

/// Reads the manifest without looking at the signature.
Result<UnverifiedBundle> peek_bundle(const std::filesystem::path& path);

/// Copies the payload to `target` (0600, replaced in one step, synced) and verifies its digest
/// before it gets that name. Looks for room first: once the payload's size. What an earlier call
/// that was cut off left behind is removed.
Result<void> extract_payload(const VerifiedBundle& bundle, const std::filesystem::path& target);

/// Reads the whole payload and verifies its digest, writing nothing that stays.
Result<void> verify_payload(const VerifiedBundle& bundle);

/// What an image has to fit.
struct Wanted {
  std::string compatible;         ///< of router.toml
  std::string running_version;    ///< what runs now; empty: nothing does
  std::string architecture = {};  ///< "amd64"; empty: this machine's
  std::string kind = {};          ///< "rootfs"; empty: any
};

/// Whether the image fits; every reason why not at once.
Result<void> check_compatible(const VerifiedBundle& bundle, const Wanted& wanted);
/// The same for a manifest; `name` stands in the messages.
Result<void> check_compatible(const Manifest& manifest, const std::string& name,
                              const Wanted& wanted);

/// This machine's architecture in Debian's words: "amd64", "arm64".
[[nodiscard]] std::string host_architecture();

}  // namespace issu::image
