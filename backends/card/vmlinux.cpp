#include "backends/card/vmlinux.hpp"

#include <elf.h>

#include <cstring>
#include <optional>
#include <string_view>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"

namespace issu::backends::card {
namespace {

namespace fs = std::filesystem;

/// A number of the kernel's setup header: little-endian, as x86 is.
template <typename Number>
Number number_at(std::string_view bytes, std::size_t at) {
  Number number{};
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

constexpr std::size_t header_end = 0x250;
constexpr std::string_view xz_magic(
    "\xfd"
    "7zXZ\0",
    6);
constexpr std::string_view zstd_magic("\x28\xb5\x2f\xfd", 4);

/// What is packed in it; none when it is no kernel that can be started.
std::optional<std::string_view> payload_of(std::string_view vmlinuz) {
  if (vmlinuz.size() < header_end || vmlinuz.substr(0x202, 4) != "HdrS") {
    return std::nullopt;
  }
  const std::size_t sectors = number_at<std::uint8_t>(vmlinuz, 0x1f1);
  const std::size_t begin =
      ((sectors == 0 ? 4 : sectors) + 1) * 512 + number_at<std::uint32_t>(vmlinuz, 0x248);
  const std::size_t size = number_at<std::uint32_t>(vmlinuz, 0x24c);
  if (begin > vmlinuz.size() || size > vmlinuz.size() - begin || size < 8) {
    return std::nullopt;
  }
  // The last four bytes are its size when unpacked.
  return vmlinuz.substr(begin, size - 4);
}

}  // namespace

Result<void> move_kernel(std::string& elf, std::uint64_t shift) {
  Elf64_Ehdr head{};
  if (elf.size() < sizeof head) {
    return fail("the kernel is cut short");
  }
  std::memcpy(&head, elf.data(), sizeof head);
  if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_machine != EM_X86_64 ||
      head.e_phentsize != sizeof(Elf64_Phdr) || head.e_phoff > elf.size() ||
      head.e_phnum > (elf.size() - head.e_phoff) / sizeof(Elf64_Phdr)) {
    return fail("what is in it is no kernel for x86-64");
  }
  head.e_entry += shift;
  std::memcpy(elf.data(), &head, sizeof head);
  for (std::size_t n = 0; n < head.e_phnum; ++n) {
    char* at = elf.data() + head.e_phoff + n * sizeof(Elf64_Phdr);
    Elf64_Phdr part{};
    std::memcpy(&part, at, sizeof part);
    if (part.p_type == PT_LOAD) {
      part.p_paddr += shift;
      std::memcpy(at, &part, sizeof part);
    }
  }
  return {};
}

Result<bool> unpack_kernel(const fs::path& vmlinuz, std::uint64_t shift, const fs::path& into) {
  const std::string what = "unpacking " + vmlinuz.string();
  auto bytes = read_file(vmlinuz);
  if (!bytes) {
    return pass(std::move(bytes).error(), what);
  }
  const auto payload = payload_of(*bytes);
  const bool xz = payload && payload->starts_with(xz_magic);
  if (!payload || (!xz && !payload->starts_with(zstd_magic))) {
    return false;
  }
  const fs::path packed = into.string() + (xz ? ".xz" : ".zst");
  ISSU_TRY(write_file_atomic(packed, *payload), what);
  RunOptions options;
  options.timeout = std::chrono::seconds(60);
  auto unpacked = run_checked(xz ? Argv{"xz", "-d", "-f", packed.string()}
                                 : Argv{"zstd", "-q", "-d", "-f", "--rm", packed.string()},
                              options);
  ISSU_TRY(remove_tree(packed), what);
  if (!unpacked) {
    return pass(std::move(unpacked).error(), what);
  }
  auto elf = read_file(into, 512U << 20U);
  if (!elf) {
    return pass(std::move(elf).error(), what);
  }
  ISSU_TRY(move_kernel(*elf, shift), what);
  ISSU_TRY(write_file_atomic(into, *elf), what);
  return true;
}

}  // namespace issu::backends::card
