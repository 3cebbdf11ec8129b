#pragma once

#include <cstdint>
#include <cstring>

namespace issu::tables {

/// A word that readers may load at this moment: written as one, after all that was written before.
template <typename T>
void publish(T& word, T value) {
  __atomic_store_n(&word, value, __ATOMIC_RELEASE);
}

/// The same for a word that has to be in place before a later publish, not by itself.
template <typename T>
void put(T& word, T value) {
  __atomic_store_n(&word, value, __ATOMIC_RELAXED);
}

template <typename T>
[[nodiscard]] T peek(const T& word) {
  return __atomic_load_n(&word, __ATOMIC_RELAXED);
}

/// Word `index` of a struct in shared memory.
inline std::uint64_t& word_of(void* structure, std::size_t index) {
  return static_cast<std::uint64_t*>(structure)[index];
}
inline const std::uint64_t& word_of(const void* structure, std::size_t index) {
  return static_cast<const std::uint64_t*>(structure)[index];
}

/// A struct in shared memory, copied word by word.
template <typename T>
[[nodiscard]] T snapshot(const T& shared) {
  static_assert(sizeof(T) % 8 == 0);
  std::uint64_t words[sizeof(T) / 8];
  for (std::size_t i = 0; i < sizeof(T) / 8; ++i) {
    words[i] = __atomic_load_n(&word_of(&shared, i), __ATOMIC_RELAXED);
  }
  T copy;
  std::memcpy(&copy, words, sizeof copy);
  return copy;
}

/// The reverse; the first word last, because it says that the rest is there.
template <typename T>
void write_first_last(T& shared, const T& value) {
  static_assert(sizeof(T) % 8 == 0);
  std::uint64_t words[sizeof(T) / 8];
  std::memcpy(words, &value, sizeof value);
  for (std::size_t i = 1; i < sizeof(T) / 8; ++i) {
    put(word_of(&shared, i), words[i]);
  }
  publish(word_of(&shared, 0), words[0]);
}

}  // namespace issu::tables
