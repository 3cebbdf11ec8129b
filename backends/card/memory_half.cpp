#include "backends/card/memory_half.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "issu/base/fd.hpp"

namespace issu::backends::card {
namespace {

constexpr std::uint64_t mebibyte = 1U << 20U;
constexpr std::uint64_t page = 4096;
/// What the firmware keeps at the end of all memory.
constexpr std::uint64_t firmware_bytes = mebibyte;
/// Below the first mebibyte, up to the firmware's data there: each kernel starts its processors
/// from there.
constexpr const char* low_memory = " memmap=0x9f000@0";
constexpr const char* upper_word = "issu.memory=upper";

std::string hex(std::uint64_t number) {
  char digits[17] = {};
  std::to_chars(digits, digits + sizeof digits, number, 16);
  return std::string("0x") + digits;
}

}  // namespace

MemoryHalf MemoryHalf::in_words(const std::string& command_line, std::uint32_t mib) {
  return {command_line.find(upper_word) == std::string::npos ? lower : upper, mib};
}

std::uint64_t MemoryHalf::first() const {
  return which_ == lower ? mebibyte : mib_ * mebibyte;
}

std::uint64_t MemoryHalf::end() const {
  return which_ == lower ? mib_ * mebibyte : 2 * mib_ * mebibyte - firmware_bytes;
}

std::string MemoryHalf::kernel_words() const {
  if (shared()) {
    return {};
  }
  return std::string(" memmap=exactmap") + low_memory + " memmap=" + hex(end() - first()) + "@" +
         hex(first()) + (is_upper() ? std::string(" ") + upper_word : "");
}

std::uint64_t MemoryHalf::shift() const {
  return shared() || !is_upper() ? 0 : first();
}

std::vector<std::string> MemoryHalf::kexec_words() const {
  if (shared()) {
    return {};
  }
  // A kernel does not go below 16 MiB.
  const std::uint64_t from = std::max(first(), 16 * mebibyte);
  return {"--mem-min=" + hex(from), "--mem-max=" + hex(end() - 1)};
}

Result<void> MemoryHalf::wipe() const {
  if (shared()) {
    return {};
  }
  // Not memory as far as the kernel that runs knows, so it gives it to whoever is root.
  const Fd memory(::open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC));
  if (!memory) {
    return fail_errno("opening the card's memory");
  }
  constexpr std::uint64_t piece = 16 * mebibyte;
  static constexpr char zeros[page] = {};
  for (std::uint64_t at = first(); at < end(); at += piece) {
    const std::uint64_t size = std::min(piece, end() - at);
    void* mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(),
                          static_cast<off_t>(at));
    if (mapped == MAP_FAILED) {
      return fail_errno("mapping the other half of the card's memory");
    }
    for (std::uint64_t offset = 0; offset < size; offset += page) {
      char* one = static_cast<char*>(mapped) + offset;
      // Memory that was never used stays so: the host has not given it yet.
      if (std::memcmp(one, zeros, page) != 0) {
        std::memset(one, 0, page);
      }
    }
    ::munmap(mapped, size);
  }
  return {};
}

}  // namespace issu::backends::card
