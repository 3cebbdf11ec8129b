#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "checkpoint/archive/cipher.hpp"
#include "issu/base/fd.hpp"

namespace issu::archive {

/// Who signs an archive: PEM files, as for images.
struct SignedBy {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

/// Whether these can sign, and whether `keyring` (empty: not asked) knows them: told before
/// anything is saved, not after.
Result<void> check_signer(const SignedBy& signer, const std::filesystem::path& keyring);

/// Writes an archive piece by piece; never more than one chunk of it is in memory. The file has no
/// name until `finish`: when anything goes wrong before, nothing is left.
class Writer {
 public:
  struct Options {
    bool replace = false;      ///< an archive of that name
    unsigned chunk_log2 = 20;  ///< as in Header
  };

  /// `key` is used here only.
  static Result<Writer> create(const std::filesystem::path& file, const Key& key,
                               const Options& options);

  Result<void> write(Bytes bytes);
  /// Signs, syncs, gives the file its name (0600), syncs the folder. Once, at the end.
  Result<void> finish(const SignedBy& signer);

 private:
  Writer(std::filesystem::path file, Fd fd, bool replace, const Header& header, Cipher cipher);
  Result<void> put_chunk(bool last);
  Result<void> put(Bytes bytes);
  Result<void> give_name();

  std::filesystem::path file_;
  Fd fd_;
  bool replace_ = false;
  Header header_;
  Cipher cipher_;
  Secret text_;  ///< of the chunk that is being filled
  std::size_t filled_ = 0;
  std::vector<unsigned char> sealed_;
  std::vector<unsigned char> digests_;
  std::uint64_t chunks_ = 0;
  std::uint64_t plain_bytes_ = 0;
};

}  // namespace issu::archive
