#pragma once

#include <png.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace issu::report::testing {

/// The pixels of a picture, 4 bytes each: red, green, blue, opacity.
class Screenshot {
 public:
  explicit Screenshot(const std::filesystem::path& file) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    if (png_image_begin_read_from_file(&image, file.c_str()) == 0) {
      fault_ = image.message;
      return;
    }
    image.format = PNG_FORMAT_RGBA;
    pixels_.resize(PNG_IMAGE_SIZE(image));
    if (png_image_finish_read(&image, nullptr, pixels_.data(), 0, nullptr) == 0) {
      fault_ = image.message;
      pixels_.clear();
    }
  }

  /// Why it can't be read; empty when it was.
  [[nodiscard]] const std::string& fault() const { return fault_; }

  /// Pixels of a colour, 0xRRGGBB, each part off by 3 at the most.
  [[nodiscard]] std::size_t count(std::uint32_t colour) const {
    std::size_t found = 0;
    for (std::size_t i = 0; i + 3 < pixels_.size(); i += 4) {
      bool same = true;
      for (unsigned part = 0; part < 3; ++part) {
        const int wanted = static_cast<int>((colour >> (16U - 8U * part)) & 0xffU);
        const int off = static_cast<int>(pixels_[i + part]) - wanted;
        same = same && off >= -3 && off <= 3;
      }
      found += same ? 1 : 0;
    }
    return found;
  }

 private:
  std::vector<std::uint8_t> pixels_;
  std::string fault_;
};

}  // namespace issu::report::testing
