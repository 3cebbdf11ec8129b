#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "checkpoint/archive/cipher.hpp"
#include "issu/base/fd.hpp"
#include "issu/signing/signature.hpp"

namespace issu::archive {

/// What an archive says to somebody without its key and without a keyring: nobody's word.
Result<Layout> look_at(const std::filesystem::path& file);

/// An archive whose signature was verified. The signature is over the digests of all chunks, so
/// each chunk is checked against it when it is read, once, without a pass over the whole before.
class SignedArchive {
 public:
  /// Refuses, each with its reason: no archive, another version, a length or digest that is not
  /// right, no signature, one by somebody whom the keyring does not know, an expired one.
  static Result<SignedArchive> open(const std::filesystem::path& file,
                                    const std::filesystem::path& keyring);

  [[nodiscard]] const signing::Signer& signer() const { return signer_; }
  [[nodiscard]] const Layout& layout() const { return layout_; }
  [[nodiscard]] const std::string& name() const { return name_; }

  /// The bytes of a chunk as they are stored, compared with what was signed. No key is needed.
  Result<void> read_chunk(std::uint64_t number, std::span<unsigned char> sealed) const;

 private:
  SignedArchive() = default;

  std::string name_;
  Fd file_;
  Layout layout_;
  std::vector<unsigned char> digests_;
  signing::Signer signer_;
};

/// Reads the plain text of an archive from its beginning to its end.
class Reader {
 public:
  /// A wrong key is refused. `key` is used here only. The archive must outlive this.
  static Result<Reader> unlock(const SignedArchive& archive, const Key& key);

  /// Exactly so many bytes; that there are as many is for the caller to know (`left`).
  Result<void> read(std::span<unsigned char> bytes);
  [[nodiscard]] std::uint64_t left() const { return left_; }

 private:
  Reader(const SignedArchive& archive, Cipher cipher);
  Result<void> next_chunk();

  const SignedArchive* archive_;
  Cipher cipher_;
  std::vector<unsigned char> sealed_;
  Secret text_;
  std::size_t at_ = 0;
  std::size_t filled_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t left_ = 0;
};

}  // namespace issu::archive
