#include "issu/signing/digest.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "issu/signing/openssl.hpp"

namespace issu::signing {

FileRange::FileRange(const Fd& file, std::uint64_t size)
    : state_{file.get(), 0, size, false},
      method_(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "file range")) {
  BIO_meth_set_read(method_.get(), &FileRange::read);
  BIO_meth_set_ctrl(method_.get(), &FileRange::control);
  bio_.reset(BIO_new(method_.get()));
  BIO_set_data(bio_.get(), &state_);
  BIO_set_init(bio_.get(), 1);
}

int FileRange::read(BIO* bio, char* buffer, int count) {
  auto* state = static_cast<State*>(BIO_get_data(bio));
  const std::uint64_t left = state->size - state->at;
  const auto wanted = std::min<std::uint64_t>(left, static_cast<std::uint64_t>(std::max(count, 0)));
  if (wanted == 0) {
    return 0;
  }
  ssize_t got = 0;
  do {
    got = ::pread(state->fd, buffer, wanted, static_cast<off_t>(state->at));
  } while (got < 0 && errno == EINTR);
  // A file that ends early is as bad as one that can't be read.
  if (got <= 0) {
    state->failed = true;
    return -1;
  }
  state->at += static_cast<std::uint64_t>(got);
  return static_cast<int>(got);
}

long FileRange::control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  const auto* state = static_cast<State*>(BIO_get_data(bio));
  switch (command) {
    case BIO_CTRL_EOF:
      return state->at == state->size ? 1 : 0;
    case BIO_CTRL_FLUSH:
      return 1;
    default:
      return 0;
  }
}

Result<std::string> sha256_of(const Fd& file, std::uint64_t size, const std::string& name) {
  const DigestHandle context(EVP_MD_CTX_new());
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) {
    return fail("SHA-256 is not to be had: " + openssl_reason());
  }
  const FileRange range(file, size);
  std::vector<char> buffer(256U << 10U);
  int count = 0;
  while ((count = BIO_read(range.get(), buffer.data(), static_cast<int>(buffer.size()))) > 0) {
    EVP_DigestUpdate(context.get(), buffer.data(), static_cast<std::size_t>(count));
  }
  if (range.failed()) {
    return fail(name + " could not be read to its end");
  }
  std::array<unsigned char, 32> digest{};
  EVP_DigestFinal_ex(context.get(), digest.data(), nullptr);
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

}  // namespace issu::signing
