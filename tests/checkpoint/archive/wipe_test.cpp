#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <string>

#include "checkpoint/archive/secret.hpp"

namespace {

constexpr std::size_t watched_size = 4099;
void* watched = nullptr;
bool was_clean = false;
int freed = 0;

}  // namespace

// This test's own: sees what is in memory the moment it is given back.
void* operator new[](std::size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) {
    std::abort();
  }
  return memory;
}
void operator delete[](void* memory) noexcept {
  if (memory != nullptr && memory == watched) {
    const auto* bytes = static_cast<unsigned char*>(memory);
    was_clean =
        std::all_of(bytes, bytes + watched_size, [](unsigned char each) { return each == 0; });
    ++freed;
  }
  std::free(memory);
}
void operator delete[](void* memory, std::size_t /*size*/) noexcept {
  operator delete[](memory);
}

namespace issu::archive {
namespace {

Secret filled() {
  Secret secret(watched_size);
  std::fill(secret.span().begin(), secret.span().end(), 's');
  watched = secret.span().data();
  was_clean = false;
  freed = 0;
  return secret;
}

TEST_CASE("a secret is wiped before its memory is given back") {
  { const Secret secret = filled(); }
  CHECK(freed == 1);
  CHECK(was_clean);
}

TEST_CASE("also what was cut off, moved, or replaced") {
  {
    Secret secret = filled();
    secret.shorten(8);
    const Secret moved(std::move(secret));
    CHECK(moved.size() == 8);
    CHECK(moved.span()[0] == 's');
  }
  CHECK(freed == 1);
  CHECK(was_clean);

  Secret secret = filled();
  secret = Secret(16);
  CHECK(freed == 1);
  CHECK(was_clean);
}

}  // namespace
}  // namespace issu::archive
