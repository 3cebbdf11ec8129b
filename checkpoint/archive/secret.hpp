#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <utility>

#include "issu/base/result.hpp"

namespace issu::archive {

/// Bytes that are wiped when their life ends. Movable, not copyable.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::size_t size)
      : bytes_(std::make_unique<unsigned char[]>(size)), size_(size), room_(size) {}
  Secret(Secret&& other) noexcept
      : bytes_(std::move(other.bytes_)),
        size_(std::exchange(other.size_, 0)),
        room_(std::exchange(other.room_, 0)) {}
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }

  [[nodiscard]] std::span<unsigned char> span() { return {bytes_.get(), size_}; }
  [[nodiscard]] std::span<const unsigned char> span() const { return {bytes_.get(), size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// To the first `size` bytes; the others are wiped with them.
  void shorten(std::size_t size) { size_ = size < size_ ? size : size_; }

 private:
  void wipe();

  std::unique_ptr<unsigned char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t room_ = 0;
};

/// What opens an archive: the bytes of a key file, or a passphrase.
struct Key {
  Secret bytes;
  bool is_passphrase = false;
};

/// Reads a key file: 64 hexadecimal digits or more (blanks at the end are none), or 32 raw bytes or
/// more, 4096 at most. Refused when others than its owner may read it.
Result<Key> read_key_file(const std::filesystem::path& file);

/// The first line of a file that nobody but its owner may read.
Result<Key> read_passphrase_file(const std::filesystem::path& file);

/// Whether a passphrase is long enough to protect a new archive.
Result<void> check_passphrase(const Key& key);

}  // namespace issu::archive
