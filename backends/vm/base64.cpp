#include "backends/vm/base64.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace issu::backends::vm {

std::string base64_decoded(std::string_view text) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
  text = text.substr(0, std::min(text.find_first_not_of(letters), text.size()));
  text = text.substr(0, text.size() / 4 * 4);
  const std::size_t padding = text.size() - std::min(text.find_last_not_of('=') + 1, text.size());
  std::string bytes(text.size() / 4 * 3, '\0');
  const int count = ::EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                      reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()));
  bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count) - std::min<std::size_t>(padding, 2));
  return bytes;
}

}  // namespace issu::backends::vm
