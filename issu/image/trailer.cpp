#include "issu/image/trailer.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace issu::image {
namespace {

constexpr std::uint64_t kSuperblock = 96;
constexpr std::uint64_t kTrailer = 8;
constexpr std::uint64_t kSignatureLimit = 1U << 20U;
constexpr std::uint64_t kPadding = 4096;

Result<void> read_at(const Fd& file, std::uint64_t at, char* to, std::size_t size,
                     const std::string& name) {
  while (size > 0) {
    const ssize_t got = ::pread(file.get(), to, size, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return fail_errno("reading " + name);
    }
    if (got == 0) {
      return fail(name + " became shorter while it was read");
    }
    at += static_cast<std::uint64_t>(got);
    to += got;
    size -= static_cast<std::size_t>(got);
  }
  return {};
}

template <std::size_t size>
std::uint64_t little_endian(const std::array<char, kSuperblock>& bytes, std::size_t at) {
  std::uint64_t number = 0;
  for (std::size_t i = size; i-- > 0;) {
    number = number << 8U | static_cast<unsigned char>(bytes[at + i]);
  }
  return number;
}

tl::unexpected<Error> refuse(std::string what, std::string hint) {
  return fail(std::move(what), std::move(hint), ErrorKind::refused);
}

}  // namespace

Result<Layout> read_layout(const Fd& file, const std::string& name) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    return fail_errno("looking at " + name);
  }
  if (!S_ISREG(status.st_mode)) {
    return refuse(name + " is not a regular file", "name the image's file");
  }
  Layout layout;
  layout.file_size = static_cast<std::uint64_t>(status.st_size);
  std::array<char, kSuperblock> superblock{};
  if (layout.file_size >= kSuperblock + kTrailer) {
    ISSU_TRY(read_at(file, 0, superblock.data(), superblock.size(), name), "opening the image");
  }
  if (std::string_view(superblock.data(), 4) != "hsqs") {
    return refuse(name + " is not an image: a bundle begins with a squashfs",
                  "build one with `issu image build`");
  }
  layout.inodes = static_cast<std::uint32_t>(little_endian<4>(superblock, 4));
  const std::uint64_t used = little_endian<8>(superblock, 40);
  if (layout.file_size < used) {
    return refuse(fmt::format("{} is cut short: it has {} bytes, its squashfs alone has {}", name,
                              layout.file_size, used),
                  "copy it again, whole");
  }
  if (layout.file_size <= (used + kPadding - 1) / kPadding * kPadding) {
    return refuse(name + " is not signed, or cut off behind its squashfs",
                  "sign it with `issu image build`, or copy it again, whole");
  }
  std::array<char, kTrailer> trailer{};
  ISSU_TRY(read_at(file, layout.file_size - kTrailer, trailer.data(), trailer.size(), name),
           "opening the image");
  for (const char byte : trailer) {
    layout.signature_size = layout.signature_size << 8U | static_cast<unsigned char>(byte);
  }
  if (layout.signature_size == 0 || layout.signature_size > kSignatureLimit ||
      layout.signature_size > layout.file_size - kTrailer - used) {
    return refuse(name + " is damaged or cut short: its last 8 bytes are no size of a signature",
                  "copy it again, whole");
  }
  layout.squashfs_size = layout.file_size - kTrailer - layout.signature_size;
  return layout;
}

Result<std::string> read_signature(const Fd& file, const Layout& layout, const std::string& name) {
  std::string signature(layout.signature_size, '\0');
  ISSU_TRY(read_at(file, layout.squashfs_size, signature.data(), signature.size(), name),
           "reading the signature");
  return signature;
}

std::string trailer_for(std::uint64_t signature_size) {
  std::string bytes(kTrailer, '\0');
  for (std::size_t i = bytes.size(); i-- > 0; signature_size >>= 8U) {
    bytes[i] = static_cast<char>(signature_size & 0xffU);
  }
  return bytes;
}

}  // namespace issu::image
