#pragma once

#include <string.h>

#include <cstddef>
#include <memory>
#include <type_traits>
#include <vector>

namespace issu::checkpoint::conditioner {

/// Memory that is wiped before it is given back, also the pieces that a vector has grown out of.
template <typename T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <typename U>
  WipingAllocator(const WipingAllocator<U>&) noexcept {}
  T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* memory, std::size_t count) noexcept {
    wipe(memory, count);
    std::allocator<T>().deallocate(memory, count);
  }
  static void wipe(T* memory, std::size_t count) noexcept {
    ::explicit_bzero(memory, count * sizeof(T));
  }
  template <typename U>
  bool operator==(const WipingAllocator<U>&) const {
    return true;
  }
};

/// Bytes that may hold a key.
using SecretBytes = std::vector<std::byte, WipingAllocator<std::byte>>;

/// Wipes a structure of the caller's at the end of the scope.
template <typename T>
class WipeAtEnd {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit WipeAtEnd(T& secret) : secret_(secret) {}
  WipeAtEnd(const WipeAtEnd&) = delete;
  WipeAtEnd& operator=(const WipeAtEnd&) = delete;
  ~WipeAtEnd() { ::explicit_bzero(&secret_, sizeof(T)); }

 private:
  T& secret_;
};

}  // namespace issu::checkpoint::conditioner
